"""A case as JSON, as its viewer may see it: a line of a list, the whole case, its timeline."""

from collections.abc import Iterable
from dataclasses import asdict, replace
from typing import Any

from api.cases import case as rules
from api.cases import scope
from api.cases.act_words import about
from api.cases.case import Action, Case
from api.cases.clock.words import ClockWords
from api.cases.documents.document import OF_ACT
from api.cases.ground import CaseGround
from api.cases.kinds import INNER_FLAGS, act_label, flag_words, kind_words
from api.cases.life.acts import INNER_WORDS, PUBLIC, allowed
from api.cases.life.aided import is_for_applicant
from api.cases.life_views import ActForms, lists
from api.cases.open_case import OpenCase
from api.cases.promises.words import as_json as promises_as_json
from api.cases.queues import due_day
from api.drafts.draft import CONSENT
from api.identity.actor import Actor
from api.identity.masking import mask_identity, mask_name
from api.matters import form as forms

Row = dict[str, Any]


class CaseViews:
    """Serialises cases as JSON."""

    def __init__(self, ground: CaseGround) -> None:
        self._ground = ground
        self._forms = ActForms(ground)

    def line(self, case: Case) -> Row:
        """A case in a list, the applicant masked."""
        return self.lines([case])[0]

    def lines(self, cases: Iterable[Case]) -> list[Row]:
        """The lines of a list, from what is stored with each case: nothing is opened but the masked name."""
        known: dict[str, Actor | None] = {}
        return [self._listed(case, known) for case in cases]

    def _listed(self, case: Case, known: dict[str, Actor | None]) -> Row:
        words = self._ground.clock(case)
        case = words.standing(case)
        return self._line(case, self._ground.reader.masked_name(case), words, self._ground.holder(case, known))

    def whole(self, actor: Actor, case: OpenCase) -> Row:
        """A case in full: identity numbers masked for citizens, nothing for staff who handle it; for staff who only
        oversee it name and number masked, and no other answers.
        """
        words = self._ground.reasoned_clock(case)
        record, standing = words.standing(case.record), words.standing(case.standing)
        holder = self._ground.holder(record)
        answers, delivery, situation = case.answers, case.delivery, case.situation
        name = answers["applicant_name"]
        if not actor.is_staff:
            answers = rules.masked(answers, mask_identity)
        elif not scope.handles(actor, record):  # who only watches over it needs no name, number or address
            name = mask_name(name)
            answers = {"applicant_name": name, "id_number": mask_identity(answers["id_number"])}
            delivery, situation = {"way": delivery["way"]}, {}
        now = replace(case, record=record, standing=standing)
        attempt = self._ground.attempt(actor, now)
        acts = allowed(attempt) if self._ground.access.may_act(actor, record) else []
        return {
            **self._line(record, name, words, holder),
            "receipt_code": None if actor.is_staff else case.receipt,
            "answers": answers,
            "situation": self._ground.matters.answered(case.matter, situation),
            "materials": self._materials(case),
            "delivery": delivery,
            "aided": self._aided(actor, case),
            "words": kind_words(self._ground.kind(record)),
            "supplement": _supplement(case),
            **promises_as_json(case, self._ground.calendar.due, self._ground.now()),
            "decision": standing.decision and {"ground": "", **standing.decision, "appeal": rules.APPEAL},
            "result": standing.result
            and {**standing.result, "name": case.matter.result_name, "issued_at": standing.result["at"]},
            "clock": words.as_json(),
            "flags": [flag_words(flag) for flag in standing.flags if actor.is_staff or flag not in INNER_FLAGS],
            **lists(self._ground, actor, case),
            "acts": acts,
            "act_forms": self._forms.forms(actor, now, attempt, acts) if actor.is_staff else [],
            "agent": case.agent,
        }

    def timeline(self, actor: Actor, case: Case, actions: Iterable[Action], conversations: Iterable[Row]) -> list[Row]:
        """Acts and events of conversations, in order of time; notes and words for colleagues only for staff."""
        kind = self._ground.kind(case)
        visible = (action for action in actions if actor.is_staff or action.act in PUBLIC)
        acts = [
            {
                "seq": action.seq,
                "act": action.act,
                **act_label(kind, action.act),
                "at": action.at,
                "by": self._by(action),
                "text": action.data.get("text", "") if actor.is_staff or action.act not in INNER_WORDS else "",
                "about": about(action).zh,
                "about_en": about(action).en,
                "paper": action.act in OF_ACT and scope.opens_papers(actor, case),
                "breach": action.data.get("late_reason"),
                "template": action.data.get("template") if actor.is_staff else None,
            }
            for action in visible
        ]
        return sorted([*acts, *map(_conversation_line, conversations)], key=lambda line: line["at"])

    def department(self, code: str) -> Row:
        """A department by its code: `{code, name}`."""
        return {"code": code, "name": self._ground.matters.departments.name(code)}

    def _line(self, case: Case, applicant: str, words: ClockWords, holder: Actor | None) -> Row:
        state = words.state_label()
        return {
            "id": case.id,
            "number": case.number,
            "version": case.version,
            "matter": asdict(case.matter),
            "department": self.department(case.department) if case.department else None,
            "state": case.state,
            "state_label": state.zh,
            "state_label_en": state.en,
            "applicant": {"name": applicant},
            "officer": holder.name if holder else None,
            "submitted_at": case.submitted_at,
            **words.due(),
            "due": due_day(case.queue, words.now),
            "sentence": words.sentence().as_json(),
        }

    def _materials(self, case: OpenCase) -> list[Row]:
        describe = self._ground.files.describe
        own, handed_in = {paper.key for paper in case.edition.papers}, case.standing.materials or {}
        files, filled = case.files, forms.fills(case.edition.form, case.matter.materials)
        return [
            {
                "key": material.key,
                "name": material.name,
                **{name: getattr(material, name) for name in ("kind", "copies", "required")},
                "held_by_state": material.held_by_state,
                "filled_in": material.key in filled,
                "files": [files.get(upload) or describe(upload) for upload in handed_in.get(material.key, [])],
            }
            for material in case.papers
            if material.key in own or handed_in.get(material.key)
        ]

    def _aided(self, actor: Actor, case: OpenCase) -> Row | None:
        """Who filled it in for the applicant at a window, and what they signed, for who may open files."""
        if case.record.aided is None:
            return None
        shows_files = not actor.is_staff or scope.handles(actor, case.record)
        return {
            "language": case.record.aided,
            "by": self._ground.identity.staff_name(case.actions[0].by),
            "has_account": not self._ground.access.is_aided(case.record),
            "consent": self._signed(case, case.actions[0]) if shows_files else [],
            "signed": [
                {
                    "seq": action.seq,
                    **act_label(self._ground.kind(case.record), action.act),
                    "files": self._signed(case, action) if shows_files else [],
                }
                for action in case.actions[1:]
                if is_for_applicant(action)
            ],
        }

    def _signed(self, case: OpenCase, action: Action) -> list[Row]:
        """The scans of what the applicant signed for an act."""
        uploads = action.data.get(CONSENT) or (action.data.get("materials") or {}).get(CONSENT, [])
        return [case.files.get(upload) or self._ground.files.describe(upload) for upload in uploads]

    def _by(self, action: Action) -> Row:
        kind = {"citizen": "citizen", "system": "system"}.get(action.role, "staff")
        name = {"citizen": "申请人", "system": "系统"}.get(kind) or self._ground.identity.staff_name(action.by)
        return {"kind": kind, "name": name, "role": action.role}


def _supplement(case: OpenCase) -> Row | None:
    asked = case.standing.supplement
    if not asked:
        return None
    names = {material.key: material.name for material in case.papers}
    items = [{**item, "name": names[item["key"]]} for item in asked["items"]]
    late = {"late": asked.get("late", []), "late_reason": asked.get("late_reason")}
    before = sorted(case.standing.asked_before)
    told = {"text": asked["text"], "asked_at": asked["at"], "due": asked.get("due")}
    return {"items": items, **told, "asked_before": before, **late}


def _conversation_line(line: Row) -> Row:
    """A line of the timeline about a conversation; it is not an act, so it has no `seq`."""
    by = {"citizen": ("申请人", "citizen"), "system": ("系统", "system")}.get(line["by"]["kind"])
    name, role = by or (line["by"]["name"], "window")
    return {
        "seq": None,
        "act": f"talk.{line['event']}",
        "label": rules.CONVERSATION_LINES[line["event"]],
        "label_en": None,
        "at": line["at"],
        "by": {"kind": line["by"]["kind"], "name": name, "role": role},
        "text": "",
        "about": "",
        "about_en": "",
        "paper": False,
        "breach": None,
        "template": None,
        "talk": line["talk"],
    }
