"""The use cases of templates: heads and administrators keep their department's; versions stay, none is deleted."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from api.audit.service import Audit
from api.cases.case import Case
from api.cases.templates.store import ActTemplateStore
from api.cases.templates.template import ActTemplate, check
from api.identity.actor import Actor
from api.identity.service import Identity
from api.matters.service import Matters
from api.refusals import BadFields, NotFound, Reason, Refusal, VersionStale

Row = dict[str, Any]
SHOWN = ("id", "version", "act", "outcome", "matter", "language", "name", "text", "remedies", "retired", "at")
MOST = 300
"""How many templates one department may have, the retired ones apart."""


class TooManyTemplates(Refusal):
    """The department has as many templates as it may have."""

    code = "too_many_templates"
    zh = f"一个部门最多 {MOST} 条办件用语，请先停用不用的。"
    en = f"A department has at most {MOST} templates. Retire some first."


class TemplateRetired(Refusal):
    """The template was retired: it is changed and used no more."""

    code = "template_retired"
    zh = "这条用语已经停用。请换一条，或者自己写。"
    en = "This template was retired. Take another one, or write the text yourself."


class ActTemplates:
    """The templates of every department; each is managed by its head, and by administrators posted there.

    An administrator whose post names no department manages all, and names which.
    """

    def __init__(
        self,
        store: ActTemplateStore,
        *,
        matters: Matters,
        identity: Identity,
        audit: Audit,
        transact: Callable[[Callable[[Any], Any]], Any],
        now: Callable[[], datetime],
    ) -> None:
        self._store, self._matters, self._identity = store, matters, identity
        self._audit, self._transact, self._now = audit, transact, now

    # -- for those who manage them ---------------------------------------------------

    def listed(self, actor: Actor, wanted: Row, after: str | None, most: int) -> list[Row]:
        """The templates of a department, the oldest first. Raises BadFields, NotFound."""
        narrowed = {"department": self._department(actor, wanted.get("department")), "retired": wanted["retired"]}
        narrowed |= {"act": wanted["act"]} if wanted.get("act") else {}
        return self._rows(self._store.listed(narrowed, after, most))

    def get(self, actor: Actor, template_id: str) -> Row:
        """One template. Raises NotFound."""
        return self._rows([self._managed(actor, template_id)])[0]

    def versions(self, actor: Actor, template_id: str, before: str | None, most: int) -> list[Row]:
        """The versions of a template, the newest first. Raises NotFound."""
        self._managed(actor, template_id)
        return self._rows(self._store.versions(template_id, before, most))

    def create(self, actor: Actor, new_id: str, body: Row) -> Row:
        """Add a template to a department. Raises BadFields, NotFound, TooManyTemplates."""
        department = self._department(actor, body.get("department"))
        own = {key: value for key, value in body.items() if key != "department"}
        template = ActTemplate(id=new_id, version=1, department=department, by=actor.id, at=self._now(), **own)
        self._check(template)
        if self._store.count(department) >= MOST:
            raise TooManyTemplates
        return self._kept(actor, template, "template.add")

    def change(self, actor: Actor, template_id: str, version: int, body: Row) -> Row:
        """Change a template, against its version. Raises BadFields, NotFound, VersionStale, TemplateRetired."""
        before = self._changeable(actor, template_id, version)
        after = replace(before, version=version + 1, by=actor.id, at=self._now(), **body)
        self._check(after)
        return self._kept(actor, after, "template.change")

    def retire(self, actor: Actor, template_id: str, version: int) -> Row:
        """Take a template out of use for good, against its version. Raises NotFound, VersionStale, TemplateRetired."""
        before = self._changeable(actor, template_id, version)
        after = replace(before, version=version + 1, by=actor.id, at=self._now(), retired=True)
        return self._kept(actor, after, "template.retire")

    # -- for acts ----------------------------------------------------------------------

    def current(self, department: str, act: str) -> list[ActTemplate]:
        """The templates of a department for an act that are not retired."""
        return self._store.listed({"department": department, "retired": False, "act": act}, None, MOST)

    def named(self, reference: Row, case: Case, act: str, data: Row) -> Row:
        """What an act records of the template that its words were taken from: `{id, version, name}`.

        A version that was replaced meanwhile is named as it was taken. Raises BadFields where the department has no
        such template for this act, its matter and its outcome, TemplateRetired.
        """
        template = self._store.version(reference["id"], reference["version"])
        is_ours = template is not None and (template.department, template.act) == (case.department, act)
        if template is None or not is_ours or template.matter not in (None, case.matter.code):
            zh, en = "本部门没有这条用语，请重新选择", "The department has no such template. Choose again"
            raise BadFields({"template": [Reason(zh, en)]})
        if template.outcome and template.outcome != data.get("kind"):
            zh, en = "这条用语和所选的决定不一致", "This template is for another decision than the one chosen"
            raise BadFields({"template": [Reason(zh, en)]})
        standing = self._store.by_id(template.id)
        if standing is None or standing.retired:
            raise TemplateRetired
        return {"id": template.id, "version": template.version, "name": template.name}

    # -- inside -----------------------------------------------------------------------

    def _department(self, actor: Actor, named: str | None) -> str:
        """The department whose templates the actor manages here: their own, or the one that they must name."""
        if actor.department:
            if named and named != actor.department:
                raise NotFound
            return actor.department
        if "admin" not in actor.roles:
            raise NotFound
        if named not in self._matters.departments:
            zh, en = "请选择是哪个部门的用语", "Say which department it is for"
            raise BadFields({"department": [Reason(zh, en)]})
        return str(named)

    def _managed(self, actor: Actor, template_id: str) -> ActTemplate:
        template = self._store.by_id(template_id)
        if template is None or self._department(actor, actor.department or template.department) != template.department:
            raise NotFound
        return template

    def _changeable(self, actor: Actor, template_id: str, version: int) -> ActTemplate:
        template = self._managed(actor, template_id)
        if template.version != version:
            raise VersionStale
        if template.retired:
            raise TemplateRetired
        return template

    def _check(self, template: ActTemplate) -> None:
        check(template)
        if template.matter is not None and template.matter not in self._matters.codes():
            raise BadFields({"matter": ["没有这个事项，请先搜索事项再选。"]})

    def _kept(self, actor: Actor, template: ActTemplate, act: str) -> Row:
        def write(session: Any) -> None:
            if not self._store.keep(session, template):
                raise VersionStale
            self._audit.record(actor.id, act, f"act_template:{template.id}", session=session)

        self._transact(write)
        return self._rows([template])[0]

    def _rows(self, templates: Sequence[ActTemplate]) -> list[Row]:
        departments, people = self._matters.departments, {template.by for template in templates}
        names = self._identity.staff_names(people) if people else {}
        return [
            {
                **{key: getattr(template, key) for key in SHOWN},
                "grounds": list(template.grounds),
                "department": {"code": template.department, "name": departments.name(template.department)},
                "by": names.get(template.by, ""),
            }
            for template in templates
        ]
