"""Submission: a complete draft becomes a case, in one transaction with its first action, event and the draft's end."""

from collections.abc import Callable
from typing import Any

from api.cases.case import Action, Case
from api.cases.clock.of_case import clock_facts
from api.cases.ground import CaseGround
from api.cases.life.acts import EVENTS, fold
from api.cases.number import PREFIX, new_number, new_receipt
from api.cases.open_case import OpenCase
from api.cases.serials import serial
from api.cases.snapshot import named, queued, sealed_action, snapshot, telling
from api.cases.store import NumberTaken
from api.drafts import choices
from api.drafts.open_draft import HandedIn
from api.drafts.service import Drafts
from api.identity.actor import Actor
from api.identity.names_and_numbers import identity_number
from api.times import BEIJING


class Submission:
    """Makes cases of drafts. `desk_for(matter, point)` gives the point whose window accepts, or None."""

    def __init__(
        self, ground: CaseGround, *, drafts: Drafts, desk_for: Callable[[str | None, str | None], str | None]
    ) -> None:
        self._ground = ground
        self._drafts = drafts
        self._desk_for = desk_for

    def submit(self, actor: Actor, draft_id: str, new_id: str) -> OpenCase:
        """Make a case of a complete draft; a draft becomes one case at most.

        Raises NotComplete, DraftSubmitted, MandateEnded, DeskElsewhere, and VersionStale if it was changed meanwhile.
        """
        handed_in = self._drafts.complete(actor, draft_id)
        matter = handed_in.draft.record.matter
        desk, department = self.place(matter.code, matter.version)
        if handed_in.draft.record.aided:  # it lies where the applicant stands: `complete` saw that this place accepts
            desk = actor.point or desk
        while True:
            case = self._new_case(actor, handed_in, new_id, self._next_number(desk), desk, department)
            try:
                self._write(actor, handed_in, case)
            except NumberTaken:
                continue
            return case

    def place(self, matter: str, version: int) -> tuple[str, str]:
        """The desk and the department of a new case: the district's, and the matter's; "" if there is none."""
        return self._desk_for(matter, None) or "", self._ground.matters.department(matter, version)

    def _next_number(self, desk: str) -> str:
        """The next number of today at a desk. Each day and office has a counter of its own."""
        serials, today = self._ground.store.serials, self._ground.now().astimezone(BEIJING).date()
        office = serials.office(desk)
        series, left_out = serial.of_day(today, office, serials.restored_at)
        return new_number(PREFIX, today, office, left_out + serials.next(series))

    def _new_case(
        self, actor: Actor, handed_in: HandedIn, case_id: str, number: str, desk: str, department: str
    ) -> OpenCase:
        draft = handed_in.draft
        role, aided = ("window" if draft.record.aided else "citizen"), draft.record.aided
        data = {"materials": handed_in.materials, **choices.submitted(draft)}
        action = Action(1, "submit", self._ground.now(), actor.id, role, data)
        action = telling(action, clock_facts(draft.edition.matter, [action]), self._ground.calendar)
        standing, receipt, matter = fold([action]), new_receipt(), draft.record.matter
        keys = self._ground.keyring
        record = Case(
            id=case_id,
            version=1,
            number=number,
            receipt=keys.seal(case_id, "receipt", receipt),
            receipt_index=keys.index_to_store("receipt", receipt),
            owner="" if aided else actor.id,
            mandate=draft.record.mandate,
            principal=self._principal(handed_in),
            aided=aided,
            matter=matter,
            answers=keys.seal_json(case_id, "answers", handed_in.answers),
            situation=keys.seal_json(case_id, "situation", draft.situation),
            delivery=keys.seal_json(case_id, "delivery", draft.delivery),
            submitted_at=action.at,
            desk=desk,
            department=department,
            **snapshot(draft.edition.matter, standing, [action], {}),
        )
        opened = OpenCase(
            record=record,
            matter=draft.matter,
            edition=draft.edition,
            situation=draft.situation,
            answers=handed_in.answers,
            delivery=draft.delivery or {},
            receipt=receipt,
            agent=draft.principal["agent_name"] if draft.principal else None,
            actions=(action,),
            standing=standing,
            calendar=self._ground.calendar.working,
            files=handed_in.files,
        )
        return queued(named(opened, keys))

    def _principal(self, handed_in: HandedIn) -> Any:
        """The stored blind index of whom an agent or an officer at a window acts for; None for oneself."""
        draft, keys = handed_in.draft, self._ground.keyring
        if draft.record.aided:
            number = identity_number(handed_in.answers["id_number"], self._ground.now())
            return keys.index_to_store("id_number", number)
        return keys.widened(draft.principal["index"]) if draft.principal else None

    def _write(self, actor: Actor, handed_in: HandedIn, case: OpenCase) -> None:
        ground, record = self._ground, case.record
        action = sealed_action(ground.keyring, record.id, case.actions[0])
        talk = handed_in.draft.record.talk

        def write(session: Any) -> None:
            ground.access.hold_mandate(session, actor, record)
            ground.store.add(session, record, action)
            ground.files.keep(session, handed_in.materials)
            self._drafts.hand_over(session, handed_in.draft, record.number)
            about = {"number": record.number, "state": record.state, "seq": 1, **({"talk": talk} if talk else {})}
            if record.aided:
                ground.audit.record(actor.id, "case.submit_for", f"case:{record.id}", session=session)
            ground.announce(session, EVENTS["submit"], record.id, **about)

        ground.transact(write)
