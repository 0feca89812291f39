"""The collections `act_templates` (each as it stands) and `act_template_versions` (every version, kept for ever)."""

from dataclasses import asdict, fields
from typing import Any

from api.cases.templates.template import ActTemplate
from api.storage.database import Database, Document, Index

INDEXES: list[Index] = [
    ("act_templates", [("department", 1), ("retired", 1), ("act", 1), ("_id", 1)], {}),
    ("act_template_versions", [("template", 1), ("_id", 1)], {}),
]


class ActTemplateStore:
    """Templates of acts by department."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def by_id(self, template_id: str) -> ActTemplate | None:
        """A template as it stands."""
        row = self._db["act_templates"].find_one({"_id": template_id})
        return _template(row) if row else None

    def version(self, template_id: str, version: int) -> ActTemplate | None:
        """One version of a template."""
        row = self._db["act_template_versions"].find_one({"_id": _version_id(template_id, version)})
        return _template(row) if row else None

    def count(self, department: str) -> int:
        """How many templates of a department are not retired."""
        return self._db["act_templates"].count_documents({"department": department, "retired": False})

    def listed(self, wanted: Document, after: str | None, most: int) -> list[ActTemplate]:
        """Up to `most` of the templates with this department, `retired` and perhaps act; the oldest first."""
        return [_template(row) for row in self._db.oldest("act_templates", wanted, after, most)]

    def versions(self, template_id: str, before: str | None, most: int) -> list[ActTemplate]:
        """Up to `most` versions of a template, the newest first, those older than the version `before`."""
        below = _version_id(template_id, before) if before else None
        rows = self._db.newest("act_template_versions", {"template": template_id}, below, most)
        return [_template(row) for row in rows]

    def keep(self, session: Any, template: ActTemplate) -> bool:
        """Insert a template's first version, or replace the version before; False if it is another one now."""
        row = {**asdict(template), "grounds": list(template.grounds), "v": 1}
        row["_id"] = row.pop("id")
        if template.version == 1:
            self._db["act_templates"].insert_one(row, session=session)
        else:
            before = {"_id": template.id, "version": template.version - 1}
            if self._db["act_templates"].replace_one(before, row, session=session).modified_count != 1:
                return False
        kept = {**row, "_id": _version_id(template.id, template.version), "template": template.id}
        self._db["act_template_versions"].insert_one(kept, session=session)
        return True


def _version_id(template_id: str, version: int | str) -> str:
    return f"{template_id}:{version:0>6}"


def _template(row: Document) -> ActTemplate:
    values = {field.name: row[field.name] for field in fields(ActTemplate) if field.name != "id"}
    return ActTemplate(id=str(row.get("template", row["_id"])), **{**values, "grounds": tuple(values["grounds"])})
