"""Submit, handle and follow a case: load and authorise, decide, write and announce."""

import json
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from hmac import compare_digest
from typing import Any

from uuid6 import uuid7

from api.audit.service import Audit
from api.calendar.service import Calendar
from api.cases import case as rules
from api.cases import printing, scope
from api.cases.case import Action, Standing
from api.cases.clock.of_case import clock_facts
from api.cases.clock.reckoning import reckon
from api.cases.ports import CasesPorts
from api.cases.store import CaseStore, NumberTaken
from api.drafts.service import Drafts
from api.files.service import Files
from api.identity.actor import Actor
from api.identity.mandates.mandate import MandateEnded
from api.identity.masking import mask_identity, mask_name
from api.identity.sealing.keyring import Keyring
from api.identity.service import Identity
from api.matters import form as forms
from api.matters.catalogue.matter import Material, Matter
from api.matters.service import Matters
from api.pdf import Paper
from api.refusals import BadFields, NotFound, VersionStale
from api.times import BEIJING

Row = dict[str, Any]
SYSTEM = Actor("system", "system", "系统", frozenset({"system"}), "", datetime.max.replace(tzinfo=UTC))
PREFIX = "XC"
SWEPT = 100

QUEUES: dict[str, Row] = {
    "to_accept": {"state": "submitted"},
    "to_decide": {"state": "accepted"},
    "to_issue": {"state": "granted"},
    "to_hand_over": {"state": "issued"},
    "all": {},
}


class Cases:
    """Cases. A citizen reaches only their own and those filed for them, staff those of their post (`scope`).

    Unmasked reads are audited. `desk_for(matter, point)` is the point whose window accepts, None where there is none.
    """

    def __init__(
        self,
        store: CaseStore,
        *,
        drafts: Drafts,
        matters: Matters,
        files: Files,
        identity: Identity,
        calendar: Calendar,
        audit: Audit,
        keyring: Keyring,
        desk_for: Callable[[str | None, str | None], str | None],
        transact: Callable[[Callable[[Any], Any]], Any],
        announce: Callable[..., None],
        now: Callable[[], datetime],
        ports: CasesPorts,
    ) -> None:
        self._store = store
        self._ports = ports
        self._drafts = drafts
        self._matters = matters
        self._files = files
        self._identity = identity
        self._calendar = calendar
        self._audit = audit
        self._keys = keyring
        self._desk_for = desk_for
        self._transact = transact
        self._announce = announce
        self._now = now

    def start(self) -> None:
        """Give a place to the cases of a release that knew none, so that their desk and department find them."""
        while rows := self._store.unplaced(SWEPT):
            for row in rows:
                uploads = rules.uploads(self._actions(row["_id"]))
                self._store.place(row["_id"], {**self._place(row["matter"]), "uploads": uploads})

    # -- the citizen's acts -----------------------------------------------------

    def submit(self, actor: Actor, draft_id: str, new_id: str) -> Row:
        """Make a case of a complete draft: case, first action and event in one transaction; once, ever."""
        draft = self._drafts.complete(actor, draft_id)
        while True:
            number, receipt = rules.new_number(PREFIX, self._now().astimezone(BEIJING)), rules.new_receipt()
            action = Action(1, "submit", self._now(), actor.id, "citizen", {"materials": draft["materials"]})
            row = self._new_row(actor, draft, new_id, number, receipt, action)

            def write(session: Any, row: Row = row, action: Action = action) -> None:
                self._hold_mandate(session, actor, row)
                self._store.add(session, row, self._sealed(new_id, action))
                self._files.keep(session, draft["materials"])
                self._drafts.hand_over(session, draft_id, draft["version"], row["number"])
                talk = {"talk": draft["talk"]} if draft["talk"] else {}
                self._announce(session, rules.EVENTS["submit"], new_id, number=row["number"], state="submitted", **talk)

            try:
                self._transact(write)
            except NumberTaken:
                continue
            return self.by_id(actor, new_id)

    def supplement(self, actor: Actor, number: str, version: int, materials: dict[str, list[str]], text: str) -> Row:
        """Hand in what was asked for, all of it at once."""
        row, standing = self._own(actor, number)
        if standing.supplement and standing.state == "supplementing":
            asked = {item["key"] for item in standing.supplement["items"]}
            errors = {f"materials.{key}": ["请补交这项材料。"] for key in asked - set(materials)}
            errors |= {
                f"materials.{key}": ["文件还没有通过检查，请稍候或重新上传。"]
                for key, uploads in materials.items()
                if not uploads or not all(self._files.accepted(actor.id, upload) for upload in uploads)
            }
            if errors:
                raise BadFields(errors)
        return self._acted(actor, row, version, "supplement", {"materials": materials, "text": text})

    def withdraw(self, actor: Actor, number: str, version: int, reason: str) -> Row:
        """Take one's own application back, before the decision."""
        row, _ = self._own(actor, number)
        return self._acted(actor, row, version, "withdraw", {"text": reason})

    # -- the office's acts ----------------------------------------------------------

    def act(self, actor: Actor, number: str, version: int, act: str, data: Row) -> Row:
        """An act of staff. Raises what `case.check` raises, VersionStale or NotFound."""
        row = self._visible(actor, number)
        if act == "request_supplement":
            self._check_items(row, data["items"])
        if act == "transfer":
            self._check_department(row, data["department"])
        return self._acted(actor, row, version, act, data)

    def deem_accepted(self, case_id: str) -> None:
        """Nothing was told within the notice limit: the case counts as accepted (行政许可法 第32条). Again: nothing."""
        row = self._store.by_id(case_id)
        if row and row["state"] == "submitted" and self._clock(row).get("accept_basis") == "deemed":
            self._act(SYSTEM, row, row["version"], "deem", {})

    def deem_silent(self) -> None:
        """Every case that waits for acceptance: what the calendar of today says of the office's silence."""
        after: str | None = None
        while rows := self._store.list({"state": "submitted"}, after, SWEPT)[:SWEPT]:
            for row in rows:
                self.deem_accepted(row["_id"])
            after = rows[-1]["_id"]

    def hand_over(self, case_id: str, proof: str) -> None:
        """The applicant holds the result, on their own word. Again: nothing."""
        row = self._store.by_id(case_id)
        if row and row["state"] == "issued":
            self._act(SYSTEM, row, row["version"], "hand_over", {"to": "applicant", "proof": proof})

    # -- reading ------------------------------------------------------------------

    def by_id(self, actor: Actor, case_id: str) -> Row:
        """A case by its id, e.g. for the repeat of a submission."""
        row = self._store.by_id(case_id)
        if row is None:
            raise NotFound
        return self.case(actor, row["number"])

    def case(self, actor: Actor, number: str) -> Row:
        """The whole case as this actor may see it."""
        row = self._visible(actor, number)
        if actor.is_staff:
            act = "read_unmasked" if scope.handles(actor, row) else "read_masked"
            self._audit.record(actor.id, act, f"case:{row['_id']}")
        return self._face(actor, row)

    def receipt(self, actor: Actor, number: str, base: str) -> Paper:
        """The receipt on paper, for whom the case is and who handles it; `base` is the address of the pages."""
        return printing.receipt(self.case(actor, number), self.timeline(actor, number), base)

    def copy(self, actor: Actor, number: str) -> Row:
        """The whole case for the copy of a citizen's data: the number in full where it is theirs, not for an agent."""
        row = self._visible(actor, number)
        applied = row["principal"] == self._identity.mandates.index_of(actor) if row.get("principal") else True
        answers = self._unseal(row["_id"], "answers", row["answers"])
        return {**self._face(actor, row), **({"answers": answers} if applied else {})}

    def mine(self, actor: Actor, after: str | None, limit: int) -> list[Row]:
        """One's own cases, newest first."""
        sides: list[Row] = [{"owner": actor.id}]
        if index := self._identity.mandates.index_of(actor):
            sides.append({"principal": index})
        return [self._line(row) for row in self._store.list({"$or": sides}, after, limit)]

    def queue(self, actor: Actor, queue: str, after: str | None, limit: int) -> list[Row]:
        """A saved queue of the desk."""
        wanted, within = {"officer": actor.id} if queue == "mine" else QUEUES[queue], scope.within(actor)
        if within is None:
            return []
        return [self._line(row) for row in self._store.list({**wanted, **within}, after, limit)]

    def departments(self) -> list[Row]:
        """Where a case may be transferred to."""
        known = self._matters.departments
        return [{"code": code, "name": known.name(code)} for code in known.codes()]

    def timeline(self, actor: Actor, number: str) -> list[Row]:
        """What happened, in order, with the talks about it; the office's own notes only for the office."""
        row = self._visible(actor, number)
        shown = (a for a in self._actions(row["_id"]) if actor.is_staff or a.act in rules.PUBLIC)
        acts = [
            {
                "seq": action.seq,
                "act": action.act,
                "label": rules.RULES[action.act].label if action.act in rules.RULES else rules.SUBMIT_LABEL,
                "at": action.at,
                "by": {"kind": self._side(action), "name": self._name(action), "role": action.role},
                "text": action.data.get("text", ""),
            }
            for action in shown
        ]
        talks = [_talk_line(line) for line in self._ports.conversations_of(number, actor)]
        return sorted([*acts, *talks], key=lambda line: line["at"])

    def clock(self, actor: Actor, number: str) -> Row:
        """The clock's reckoning at this moment (the form of facts and rules is `cases/clock.py`)."""
        return self._clock(self._visible(actor, number))

    def look_up(self, number: str, code: str) -> Row:
        """The least of a case, for whoever has the receipt: number and code. Raises NotFound."""
        row = self._store.by_number(number.strip().upper())
        given = self._keys.index("receipt", code.strip().upper())
        if row is None or not compare_digest(row["receipt_index"], given):
            raise NotFound
        line = self._line(row)
        return {key: line[key] for key in ("number", "matter", "state", "state_label", "act_by")}

    def card(self, actor: Actor, number: str) -> Row | None:
        """A case as a card in a talk, or None where the viewer may not see it."""
        row = self._store.by_number(number)
        if row is None or not (scope.may_see(actor, row) or self._concerns(actor, row)):
            return None
        matter = row["matter"]
        return {
            "ref": number,
            "title": matter["name"],
            "state_label": rules.STATES[row["state"]],
            "matter": matter["code"],
        }

    def shipment(self, number: str) -> Row | None:
        """What the parcels room needs of a case: its id, place, state and where the result goes."""
        row = self._store.by_number(number)
        if row is None:
            return None
        delivery = self._unseal(row["_id"], "delivery", row["delivery"])
        same = {key: row[key] for key in ("number", "owner", "desk", "department", "state")}
        return {"id": row["_id"], **same, "delivery": delivery}

    def roles_at(self, actor: Actor, number: str) -> frozenset[str]:
        """The roles in which somebody stands to a case; none where it is not there for them."""
        row = self._store.by_number(number)
        return self._roles(actor, row) if row else frozenset()

    def holds_file(self, actor: Actor, upload: str) -> bool:
        """Whether a file was handed in with a case of this citizen's, or one that this member of staff works on."""
        return any(scope.handles(actor, row) or self._concerns(actor, row) for row in self._store.with_file(upload))

    def uses_file(self, upload: str) -> bool:
        """Whether a file was handed in with any case."""
        return bool(self._store.with_file(upload))

    def told(self, case_id: str) -> Row:
        """What a notice about this case says: owner, number, matter, due day and the pieces asked for."""
        row = self._store.by_id(case_id)
        assert row is not None
        standing = rules.fold(self._actions(case_id))
        items = standing.supplement["items"] if standing.supplement else []
        principal = row.get("principal")
        others = self._identity.mandates.accounts(principal) if principal else []
        return {
            "people": list(dict.fromkeys([row["owner"], *others])),
            "number": row["number"],
            "matter": row["matter"]["name"],
            "due": (self._clock(row).get("act_by") or "")[:10],
            "count": str(len(items)),
        }

    def notice_limit(self, case_id: str) -> datetime | None:
        """When silence becomes acceptance, or None where it never does or is not known."""
        row = self._store.by_id(case_id)
        due = self._clock(row).get("notice_due") if row and row["clock_facts"]["deemed_acceptance"] else None
        return datetime.fromisoformat(due) if due else None

    # -- inside: load ---------------------------------------------------------------

    def _visible(self, actor: Actor, number: str) -> Row:
        row = self._store.by_number(number)
        if row is None or not (scope.may_see(actor, row) or self._concerns(actor, row)):
            raise NotFound
        return row

    def _concerns(self, actor: Actor, row: Row) -> bool:
        """Who applied, and for whom. An agent goes on seeing what they filed, also after the mandate's end."""
        if row["owner"] == actor.id:
            return True
        return bool(row.get("principal")) and row["principal"] == self._identity.mandates.index_of(actor)

    def _roles(self, actor: Actor, row: Row) -> frozenset[str]:
        return scope.roles_at(actor, row) or (actor.roles if self._concerns(actor, row) else frozenset())

    def _may_act(self, actor: Actor, row: Row) -> bool:
        """Staff by the rules alone; the applicant always; an agent while the mandate holds."""
        if actor.is_staff or row["owner"] != actor.id or not row.get("mandate"):
            return True
        return self._identity.mandates.holds(actor, row["mandate"], row["matter"]["code"])

    def _hold_mandate(self, session: Any, actor: Actor, row: Row) -> None:
        if row.get("mandate") and row["owner"] == actor.id:
            self._identity.mandates.hold(session, actor, row["mandate"], row["matter"]["code"])

    def _own(self, actor: Actor, number: str) -> tuple[Row, Standing]:
        row = self._store.by_number(number)
        if row is None or not self._concerns(actor, row):
            raise NotFound
        if not self._may_act(actor, row):
            raise MandateEnded
        return row, rules.fold(self._actions(row["_id"]))

    def _actions(self, case_id: str) -> list[Action]:
        return [self._action(row) for row in self._store.actions(case_id)]

    def _action(self, row: Row) -> Action:
        data = rules.upcast(row["act"], row["v"], self._unseal(row["_id"], "data", row["data"]))
        return Action(row["seq"], row["act"], row["at"], row["by"], row["role"], data)

    # -- inside: decide, write, announce ----------------------------------------------

    def _act(self, actor: Actor, row: Row, version: int, act: str, data: Row) -> None:
        actions = self._actions(row["_id"])
        standing = rules.fold(actions)
        if standing.version != version:
            raise VersionStale
        role = rules.check(standing, act, self._roles(actor, row), actor.id, data)
        action = Action(version + 1, act, self._now(), actor.id, role, data)
        after = rules.apply(standing, action)
        mine = self._matters.personal(self._matter(row), self._situation(row)).matter
        snapshot = self._snapshot(mine, after, [*actions, action])

        def write(session: Any) -> None:
            self._hold_mandate(session, actor, row)
            if not self._store.append(session, self._sealed(row["_id"], action), snapshot):
                raise VersionStale
            if act == "supplement":
                self._files.keep(session, data["materials"])
            if actor.is_staff:
                self._audit.record(actor.id, f"case.{act}", f"case:{row['_id']}", session=session)
            self._announce(session, rules.EVENTS[act], row["_id"], number=row["number"], state=after.state)

        self._transact(write)

    def _acted(self, actor: Actor, row: Row, version: int, act: str, data: Row) -> Row:
        self._act(actor, row, version, act, data)
        return self._face(actor, self._store.by_id(row["_id"]) or row)

    def _snapshot(self, matter: Matter, standing: Standing, actions: list[Action]) -> Row:
        facts = clock_facts(matter, actions)
        moved = {"department": standing.department} if standing.department else {}
        return {
            **moved,
            "state": standing.state,
            "officer": standing.officer,
            "uploads": rules.uploads(actions),
            "clock_facts": facts,
            "updated_at": actions[-1].at,
        }

    def _new_row(self, actor: Actor, draft: Row, case_id: str, number: str, receipt: str, action: Action) -> Row:
        mine = self._matters.personal(self._matter(draft), draft["situation"]).matter
        return {
            "_id": case_id,
            "v": 1,
            "version": 1,
            "number": number,
            "receipt": self._keys.seal(case_id, "receipt", receipt),
            "receipt_index": self._keys.index("receipt", receipt),
            "owner": actor.id,
            **self._mandated(draft),
            "matter": draft["matter"],
            "answers": self._seal(case_id, "answers", draft["answers"]),
            "situation": self._seal(case_id, "situation", draft["situation"]),
            "delivery": self._seal(case_id, "delivery", draft["delivery"]),
            "submitted_at": action.at,
            **self._place(draft["matter"]),
            **self._snapshot(mine, rules.fold([action]), [action]),
        }

    def _mandated(self, draft: Row) -> Row:
        """The applicant's number as a blind index and the mandate, where an agent applies; the agent is the owner."""
        mandate = draft["for_"] and draft["for_"]["mandate"]
        return {"mandate": mandate, "principal": mandate and self._identity.mandates.principal(mandate)["index"]}

    def _sealed(self, case_id: str, action: Action) -> Row:
        action_id = str(uuid7())
        row = {key: getattr(action, key) for key in ("seq", "act", "at", "by", "role")}
        data = self._seal(action_id, "data", action.data)
        return {"_id": action_id, "v": rules.ACTION_VERSION, "case": case_id, **row, "data": data}

    def _place(self, matter: Row) -> Row:
        """Where a new case lies: the district's desk, and the department of its matter."""
        department = self._matters.department(matter["code"], matter["version"])
        return {"desk": self._desk_for(matter["code"], None) or "", "department": department}

    def _check_department(self, row: Row, code: str) -> None:
        if code not in self._matters.departments:
            raise BadFields({"department": ["没有这个部门，请从部门目录中选择。"]})
        if code == row["department"]:
            raise BadFields({"department": ["办件已经在这个部门。"]})

    def _check_items(self, row: Row, items: list[Row]) -> None:
        known = {material.key for material in self._papers(row)}
        if unknown := [item["key"] for item in items if item["key"] not in known]:
            raise BadFields({"items": [f"没有这项材料：{'、'.join(unknown)}"]})

    def _matter(self, row: Row) -> Matter:
        return self._matters.matter(row["matter"]["code"], row["matter"]["version"])

    def _situation(self, row: Row) -> dict[str, str]:
        """What the applicant said of their situation; nothing in the cases of a release that did not ask."""
        return self._unseal(row["_id"], "situation", row["situation"]) if row.get("situation") else {}

    def _papers(self, row: Row) -> list[Material]:
        """The applicant's own materials first, then what else the matter may need: an officer may ask for any."""
        matter = self._matter(row)
        own = self._matters.personal(matter, self._situation(row)).papers
        return [*own, *(one for one in matter.materials if one.key not in {mine.key for mine in own})]

    # -- inside: faces ---------------------------------------------------------------

    def _clock(self, row: Row) -> Row:
        """The reckoning now; an unpublished year gives `{"error": …}` and the page says so."""
        return reckon({**row["clock_facts"], "as_of": self._now().isoformat()}, self._calendar.working)

    def _line(self, row: Row) -> Row:
        clock = self._clock(row)
        answers = self._unseal(row["_id"], "answers", row["answers"])
        return {
            "id": row["_id"],
            "number": row["number"],
            "version": row["version"],
            "matter": row["matter"],
            "department": self._department(row),
            "state": row["state"],
            "state_label": rules.STATES[row["state"]],
            "applicant": {"name": mask_name(answers["applicant_name"])},
            "officer": self._identity.staff_name(row["officer"]) if row["officer"] else None,
            "submitted_at": row["submitted_at"],
            "act_by": clock.get("act_by") or (clock.get("notice_due") if row["state"] == "submitted" else None),
            "left": clock.get("left") if clock.get("left") is not None else clock.get("promised_left"),
        }

    def _face(self, actor: Actor, row: Row) -> Row:
        standing = rules.fold(self._actions(row["_id"]))
        answers = self._unseal(row["_id"], "answers", row["answers"])
        delivery = self._unseal(row["_id"], "delivery", row["delivery"])
        matter, situation = self._matter(row), self._situation(row)
        own = {paper.key for paper in self._matters.personal(matter, situation).papers}
        papers, handed = self._papers(row), standing.materials or {}
        filled = forms.fills(self._matters.form(matter), matter.materials)
        name = answers["applicant_name"]
        if not actor.is_staff:
            answers = rules.masked(answers, mask_identity)
        elif not scope.handles(actor, row):  # who only watches over it needs no name, number or address
            name = mask_name(name)
            answers = {"applicant_name": name, "id_number": mask_identity(answers["id_number"])}
            delivery, situation = {"way": delivery["way"]}, {}
        return {
            **self._line(row),
            "receipt_code": None if actor.is_staff else self._keys.open_sealed(row["_id"], "receipt", row["receipt"]),
            "applicant": {"name": name},
            "answers": answers,
            "situation": self._matters.answered(matter, situation),
            "materials": [
                {
                    "key": material.key,
                    "name": material.name,
                    "held_by_state": material.held_by_state,
                    "filled_in": material.key in filled,
                    "files": [self._files.describe(upload) for upload in handed.get(material.key, [])],
                }
                for material in papers
                if material.key in own or handed.get(material.key)
            ],
            "delivery": delivery,
            "supplement": self._asked(standing, papers),
            "decision": standing.decision and {"ground": "", **standing.decision, "appeal": rules.APPEAL},
            "result": standing.result
            and {**standing.result, "name": matter.result_name, "issued_at": standing.result["at"]},
            "clock": self._clock(row),
            "acts": rules.allowed(standing, self._roles(actor, row), actor.id) if self._may_act(actor, row) else [],
            "agent": self._agent(row),
        }

    def _agent(self, row: Row) -> str | None:
        mandate = row.get("mandate")
        return str(self._identity.mandates.principal(mandate)["agent_name"]) if mandate else None

    def _department(self, row: Row) -> Row | None:
        code = row["department"]
        return {"code": code, "name": self._matters.departments.name(code)} if code else None

    @staticmethod
    def _asked(standing: Standing, papers: Iterable[Material]) -> Row | None:
        if not standing.supplement:
            return None
        names = {material.key: material.name for material in papers}
        items = [{**item, "name": names[item["key"]]} for item in standing.supplement["items"]]
        return {"items": items, "text": standing.supplement["text"], "asked_at": standing.supplement["at"]}

    @staticmethod
    def _side(action: Action) -> str:
        return {"citizen": "citizen", "system": "system"}.get(action.role, "staff")

    def _name(self, action: Action) -> str:
        side = self._side(action)
        return {"citizen": "申请人", "system": "系统"}.get(side) or self._identity.staff_name(action.by)

    def _seal(self, record: str, field: str, value: Any) -> str:
        return self._keys.seal(record, field, json.dumps(value, ensure_ascii=False))

    def _unseal(self, record: str, field: str, sealed: str) -> Any:
        return json.loads(self._keys.open_sealed(record, field, sealed))


def _talk_line(line: Row) -> Row:
    """A line of the timeline about a talk: it is no act, so it has no number."""
    by = {"citizen": ("申请人", "citizen"), "system": ("系统", "system")}.get(line["by"]["kind"])
    name, role = by or (line["by"]["name"], "window")
    return {
        "seq": None,
        "act": f"talk.{line['event']}",
        "label": rules.TALKS[line["event"]],
        "at": line["at"],
        "by": {"kind": line["by"]["kind"], "name": name, "role": role},
        "text": "",
        "talk": line["talk"],
    }
