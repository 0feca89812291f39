"""Turns versions and drafts into the JSON for staff: lines of the catalogue, lines of versions (schemas/desk.py)."""

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from api.matters.catalogue import version as rules
from api.matters.catalogue.consistency import contradictions
from api.matters.catalogue.department import Departments
from api.matters.catalogue.matter import Matter
from api.matters.catalogue.version import Entry

STARTER = "starter"
"""Who published the versions that came with the program, whose texts are this project's own."""
Row = dict[str, Any]

STATES: dict[str, Callable[[Row], bool]] = {
    "in_force": lambda line: line["version"] is not None,
    "draft": lambda line: line["draft"] is not None,
    "planned": lambda line: line["planned_from"] is not None,
    "ended": lambda line: line["state"] == "ended",
    "unverified": lambda line: bool(line["unverified"]),
    "wrong": lambda line: line["wrong"] > 0,
}
"""The filters of the staff's list by `state`."""


def version_id(code: str, number: int) -> str:
    """The id of a version or draft."""
    return f"{code}/{number}"


def catalogue_line(published: Mapping[int, Matter], draft: Row | None, departments: Departments, today: date) -> Row:
    """A matter in the staff's list: its current version, planned one and draft, and what is to be corrected."""
    states = rules.states(published.values(), today)
    current = next((published[number] for number, state in states.items() if state == "in_force"), None)
    newest = published[max(published)] if published else None
    entry = (current or newest).record if newest else (draft or {})["entry"]
    planned = [
        version.valid_from
        for number, version in published.items()
        if states[number] == "planned" and version.valid_from
    ]
    return {
        **{name: entry[name] for name in ("code", "name", "name_en", "kind", "theme", "department")},
        "keywords": entry["keywords"],
        "department_known": bool(departments.named_in(entry["department"])),
        "version": current.version if current else None,
        "state": "in_force" if current else states.get(newest.version, "draft") if newest else "draft",
        "planned_from": min(planned, default=None),
        "draft": draft["version"] if draft else None,
        "unverified": entry["unverified_fields"],
        "wrong": len(contradictions(entry)),
        "authored": _author(entry),
    }


def matches(line: Row, question: Row) -> bool:
    """Whether a line of the catalogue passes the filters of a question: q, department, kind and state."""
    words = question.get("q", "").casefold().split()
    text = " ".join([line["code"], line["name"], line["name_en"], line["department"], *line["keywords"]]).casefold()
    state = question.get("state")
    return (
        all(word in text for word in words)
        and question.get("department") in (None, line["department"])
        and question.get("kind") in (None, line["kind"])
        and (state is None or STATES[state](line))
    )


def version_line(matter: Matter, published: Mapping[int, Matter], today: date) -> Row:
    """A published version of a matter, with its state on a day; `published` are all its versions."""
    publication = matter.record.get("published", {})
    return {
        "id": version_id(matter.code, matter.version),
        "code": matter.code,
        "version": matter.version,
        "name": matter.name,
        "edit": publication.get("edit", 0),
        "state": rules.states(published.values(), today)[matter.version],
        "valid_from": matter.valid_from,
        "until": rules.until(matter, published.values()),
        "by": publication.get("by", STARTER),
        "at": publication.get("at"),
        "authored": _author(matter.record),
    }


def draft_line(row: Row) -> Row:
    """A draft, from its row in the store, in the shape of `version_line`."""
    entry = row["entry"]
    return {
        "id": row["_id"],
        "code": row["code"],
        "version": row["version"],
        "name": entry["name"],
        "edit": row["edit"],
        "state": "draft",
        "valid_from": _day(entry["valid_from"]),
        "until": _day(entry["valid_until"]),
        "by": row["by"],
        "at": row["at"],
        "authored": "office",
    }


def _author(entry: Entry) -> str:
    return "office" if entry.get("published") else STARTER


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None
