"""The reactions to each event and the handler of each kind of job.

Reactions run after the commit, at least once; each is idempotent.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

from api.cases.clock.due_words import NAMES as DUE_NAMES
from api.cases.documents.document import OF_ACT
from api.cases.life.acts import EVENTS
from api.cases.service import Cases, Shipment
from api.drafts.service import Drafts
from api.jobs.job import Event, Recurring
from api.jobs.ports import Reaction
from api.jobs.service import Jobs
from api.parcels.service import Parcels
from notifications import CasePlace

RECURRING = (
    # A calendar that came with a new release moves dues, and a day that ends passes some (行政许可法 第32条).
    Recurring("cases.deadlines", every=timedelta(days=1), after=timedelta(seconds=10)),
    # What an upgrade has marked is folded when its release first runs; a later mark within a day.
    Recurring("cases.fold_clock", every=timedelta(days=1)),
    Recurring("cases.fold_queue", every=timedelta(days=1)),
    # As above: what an upgrade has marked.
    Recurring("drafts.keep_older", every=timedelta(days=1)),
    Recurring("audit.head", every=timedelta(days=1), after=timedelta(minutes=5)),
)
"""The recurring jobs."""


OF_DEFERRAL = frozenset({"case_deferred", "deferral_due", "deferral_again"})
"""The notices about what follows later: their `due` is its last day, not that of the case."""
SILENT = frozenset({"case.claimed", "case.released", "case.noted"})
"""The events of a case after which it has the deadlines that it had before."""
AWAITED = {"supplement": "papers_not_brought", "rectification": "rectification_to_check"}
"""By what is awaited of the applicant: what the officers are told once its last day is over."""
DUE_OF = {"near_due": "act_by", "handover_near": "handover"}


class Tell(Protocol):
    """Leave a notice in the outbox. Idempotent per `key`, for ever."""

    def __call__(
        self,
        recipient: str,
        template: str,
        values: dict[str, str],
        *,
        key: str,
        link: str,
        place: CasePlace | None,
    ) -> object: ...


@dataclass(frozen=True)
class Reactions:
    """The reactions to events. `tie(conversation, number)` ties a conversation to the case that its draft became.

    The name of a reaction is stored in each event that it has run for, so it is never renamed.
    """

    cases: Cases
    parcels: Parcels
    jobs: Jobs
    tell: Tell
    follow: Callable[[CasePlace], object]
    """Shows the notices about a case to the staff of the place where it lies now."""

    tie: Callable[[str, str], object]
    staff_of: Callable[..., list[str]]
    """The members of staff in these `roles`."""

    def table(self) -> Mapping[str, Sequence[Reaction]]:
        """The reactions per type of event, as (name, function), in the order in which they run."""
        numbered: Reaction = ("number_documents", lambda event: self.cases.documents.number(event.subject))
        plan: Reaction = ("plan_deadlines", lambda event: self.cases.deadlines.plan(event.subject))
        table = self._table()
        for event in sorted({*EVENTS.values()} - SILENT):
            table[event] = (*table.get(event, ()), plan)
        for event in dict.fromkeys(EVENTS[act] for act in OF_ACT if act in EVENTS):  # several acts may have one
            table[event] = (*table.get(event, ()), numbered)  # last: a document is numbered when it is asked for, too
        return table

    def _table(self) -> dict[str, tuple[Reaction, ...]]:
        deferral: Reaction = ("wait_for_deferral", self.wait_for_deferral)
        sent: Reaction = ("result_sent", lambda event: self.cases.shipping.note_sent(event.data["case"]))
        replaced: Reaction = ("parcels_replaced", self.note_replaced)
        return {
            "case.submitted": (self.tell_case("case_submitted"), ("tie_talk", self.tie_conversation)),
            "case.accepted": (self.tell_case("case_accepted"),),
            "case.deemed_accepted": (self.tell_case("case_deemed_accepted"), deferral),
            "case.deferred": (self.tell_case("case_deferred"), deferral),
            "case.supplement_requested": (("supplement_requested", self.tell_supplement), deferral),
            "case.promise_checked": (self.tell_case("promise_checked"),),
            "case.rectification_ordered": (self.tell_case("rectification_ordered"),),
            "case.rectification_checked": (self.tell_case("rectification_checked"),),
            "case.revoked": (self.tell_case("decision_revoked"),),
            "case.declined": (self.tell_case("case_declined"),),
            "case.withdrawn": (self.tell_case("case_withdrawn"),),
            "case.transferred": (
                ("parcels_follow", lambda event: self.parcels.follow_case(event.data["number"])),
                ("notices_follow", self.notices_follow),
            ),
            "case.procedure_started": (self.tell_case("procedure_started"),),
            "case.procedure_ended": (self.tell_case("procedure_ended"),),
            "case.extension_approved": (self.tell_case("limit_extended"),),
            "case.corrected": (self.tell_case("case_corrected"),),
            "case.reissued": (self.tell_case("result_reissued"), replaced),
            "case.terminated": (self.tell_case("case_terminated"),),
            "case.decided": (("case_decided", self.tell_decision), ("wait_for_check", self.wait_for_check)),
            "case.issued": (self.tell_case("result_issued"),),
            "case.handed_over": (self.tell_case("case_handed_over"),),
            "parcel.sent": (self.tell_parcel("parcel_sent"), sent, replaced),
            **dict.fromkeys(("parcel.returned", "parcel.lost", "parcel.cancelled"), (sent,)),
            "parcel.out_for_delivery": (self.tell_parcel("parcel_out_for_delivery"),),
            "parcel.delivered": (self.tell_parcel("parcel_delivered"),),
            "parcel.confirmed": (("hand_over", self.hand_over),),
            "case.due_changed": (self.tell_case("case_due_changed"),),
            "case.deadline_reached": (("deadline_reached", self.tell_deadline),),
            "calendar.changed": (("review_deadlines", self.review_deadlines),),
        }

    def tell_case(self, template: str) -> Reaction:
        """A reaction that sends a notice to the owner of a case and, if an agent filed it, to the principal.

        It speaks of the case as the act left it. Events of older releases do not say which act: of the case as it is.
        """

        def react(event: Event) -> None:
            spot = event.data.get("spot")  # several acts in one call: the last tells of all
            if spot != "step":
                is_done = spot and event.type == "case.handed_over"
                words, seq = "case_finished" if is_done else template, event.data.get("seq")
                self._tell_people(event.subject, words, key=f"{event.id}:{template}", seq=seq, at=event.at)

        return template, react

    def _tell_people(
        self, case_id: str, template: str, *, key: str, seq: int | None, at: datetime | None = None
    ) -> None:
        notice = self.cases.notice_values(case_id, seq)
        values = {**notice.values, **(notice.deferral if template in OF_DEFERRAL else {})}
        link, place = f"/cases/{values['number']}", self._place(values["number"])
        for person in notice.people:
            own_key = key + ("" if person == notice.people[0] else f":{person}")
            self.tell(f"citizen:{person}", template, values, key=own_key, link=link, place=place)
        if not notice.people:
            self.cases.untold.add(values["number"], at)

    def tell_supplement(self, event: Event) -> None:
        """Send the notice of what is missing; after acceptance that of a deferred material that must come again."""
        template = "supplement_requested" if event.data["state"] == "supplementing" else "deferral_again"
        seq = event.data.get("seq")
        self._tell_people(event.subject, template, key=f"{event.id}:{template}", seq=seq, at=event.at)

    def wait_for_deferral(self, event: Event) -> None:
        """Enqueue the reminder before the last day of what follows later, and the end of the case after it.

        Both look themselves when they are due, since the calendar of a year may be published or change meanwhile.
        """
        if not self.cases.handling.promises.is_waiting(event.subject):
            return
        if event.type == "case.deemed_accepted":
            self._tell_people(event.subject, "case_deferred", key=f"{event.id}:case_deferred", seq=event.data["seq"])
        for kind in ("cases.deferral_reminder", "cases.deferral_end"):
            self.jobs.enqueue(f"{kind}:{event.id}", kind, {"case": event.subject}, due_at=event.at)

    def remind_of_deferral(self, case_id: str) -> None:
        """Remind the applicant of what is still to come, if its last day is near. Raises NotYet before."""
        due = self.cases.handling.promises.reminder_due(case_id)
        if due is not None:
            self._tell_people(case_id, "deferral_due", key=f"{case_id}:{due}:deferral_due", seq=None)

    def wait_for_check(self, event: Event) -> None:
        """Enqueue the reminder that a promise is to be checked, if the decision was made upon one."""
        if self.cases.handling.promises.check_day(event.subject):
            key, payload = f"cases.promise_check:{event.id}", {"case": event.subject}
            self.jobs.enqueue(key, "cases.promise_check", payload, due_at=event.at)

    def remind_of_check(self, case_id: str) -> None:
        """Tell the approval officers of a department that a promise is still to be checked. Raises NotYet before."""
        promises = self.cases.handling.promises
        due = promises.check_reminder_due(case_id)
        if due is None:
            return
        notice, late = self.cases.notice_values(case_id), promises.is_over(due)
        limit = {"limit": "承诺核查期限", "limit_en": "time for checking the promise"}
        values, number = {**notice.values, **limit, "due": due.isoformat()}, notice.values["number"]
        template, place = "case_overdue" if late else "case_near_due", self._place(number)
        for officer in promises.checkers(case_id):
            key = f"{case_id}:{due}:promise_check:{officer}"
            self.tell(f"staff:{officer}", template, values, key=key, link=f"/staff#/cases/{number}", place=place)

    def tell_parcel(self, template: str) -> Reaction:
        """A reaction that sends a notice to the owner of a parcel's case, or leaves it to the counter to tell."""

        def react(event: Event) -> None:
            notice = self.parcels.notice_values(event.subject)
            number, key = notice.values["number"], f"{event.id}:{template}"
            link, place = f"/cases/{number}", self._place(number)
            people = self.cases.people(number)
            for person in people:
                each = key if person == notice.owner else f"{key}:{person}"
                self.tell(f"citizen:{person}", template, notice.values, key=each, link=link, place=place)
            if not people:
                self.cases.untold.add(number, event.at)
            self._follow(number)  # it may have been transferred meanwhile

        return template, react

    def tell_decision(self, event: Event) -> None:
        """Send the notice of a decision: `case_granted` or `case_refused`."""
        _, react = self.tell_case("case_granted" if event.data["state"] == "granted" else "case_refused")
        react(event)

    def notices_follow(self, event: Event) -> None:
        """Show the notices about a case to the staff of the department that it was transferred to."""
        self._follow(event.data["number"])

    def _follow(self, number: str) -> None:
        place = self._place(number)
        if place is not None:
            self.follow(place)

    def _place(self, number: str) -> CasePlace | None:
        return place_of(self.cases.shipment(number))

    def tell_deadline(self, event: Event) -> None:
        """Tell those who move a case on that a limit ends soon or has passed; of one that passed supervisors too."""
        notice, kind = self.cases.notice_values(event.subject), event.data["kind"]
        place = self._place(notice.values["number"])
        if template := AWAITED.get(kind.partition("_")[0]):
            values, link = {**notice.values, "due": event.data["due"]}, f"/cases/{notice.values['number']}"
            for person in notice.people:
                key = f"{event.id}:{kind}:{person}"
                self.tell(f"citizen:{person}", kind, values, key=key, link=link, place=place)
            if not notice.people:
                self.cases.untold.add(notice.values["number"], event.at)
            if kind.endswith("_over"):
                is_papers = kind == "supplement_over"
                checkers = self.cases.handling.promises.checkers
                officers = (self.cases.officers if is_papers else checkers)(event.subject)
                self._tell_officers(template, event, officers, values, place)
            return
        limit = DUE_NAMES[kind.rpartition("_")[2] if kind.startswith("overdue") else DUE_OF[kind]]
        values = {**notice.values, "due": event.data["due"], "limit": limit.zh, "limit_en": limit.en}
        officers = self.cases.officers(event.subject)
        if kind.startswith("overdue"):
            officers = [*officers, *self.staff_of(roles=("supervisor",))]
        template = "case_overdue" if kind.startswith("overdue") else "case_near_due"
        self._tell_officers(template, event, officers, values, place)

    def _tell_officers(
        self, template: str, event: Event, officers: list[str], values: dict[str, str], place: CasePlace | None
    ) -> None:
        for officer in dict.fromkeys(officers):
            key, link = f"{event.id}:{template}:{officer}", f"/staff#/cases/{values['number']}"
            self.tell(f"staff:{officer}", template, values, key=key, link=link, place=place)

    def review_deadlines(self, event: Event) -> None:
        """Enqueue the job that looks which dues a changed calendar has moved."""
        run = f"calendar:{event.data['version']}"
        self.jobs.enqueue(f"cases.deadlines:{run}", "cases.deadlines", {"run": run}, due_at=event.at)

    def hand_over(self, event: Event) -> None:
        """Mark a case as handed over, since the applicant has confirmed the parcel with its newest result."""
        case_id, is_held = self.parcels.content(event.subject)
        self.cases.handling.hand_over(case_id, proof="applicant_confirmed_parcel", is_held=is_held)

    def note_replaced(self, event: Event) -> None:
        """Mark the parcels that hold a result which was made anew, also one that was being sent meanwhile."""
        self.parcels.note_replaced(event.data.get("case") or event.data["number"])

    def tie_conversation(self, event: Event) -> None:
        """Tie the conversation that a draft was begun in, if any, to the case that the draft became."""
        if event.data.get("talk"):
            self.tie(event.data["talk"], event.data["number"])


def place_of(shipment: Shipment | None) -> CasePlace | None:
    """A case and where it lies, as a notice knows it."""
    return CasePlace(f"case:{shipment.id}", shipment.desk, shipment.department) if shipment else None


def handlers(
    cases: Cases,
    parcels: Parcels,
    drafts: Drafts,
    check_file: Callable[[dict[str, Any]], None],
    reacting: Reactions,
) -> dict[str, Any]:
    """The handler per kind of job; `check_file` checks an upload."""
    return {
        "files.check": check_file,
        "cases.deadlines": cases.deadlines.sweep,
        "cases.deadline": lambda payload: cases.deadlines.reach(payload["case"], payload["kind"], payload["due"]),
        "cases.silence": cases.deadlines.sweep,  # of an earlier release, as is the next
        "cases.fold_clock": lambda payload: cases.folding.run(),
        "cases.fold_queue": lambda payload: cases.queue_folding.run(),
        "cases.deem": lambda payload: cases.handling.silence.deem_accepted(payload["case"]),
        "cases.deferral_end": lambda payload: cases.handling.end_when_late(payload["case"]),
        "cases.deferral_reminder": lambda payload: reacting.remind_of_deferral(payload["case"]),
        "cases.promise_check": lambda payload: reacting.remind_of_check(payload["case"]),
        "drafts.keep": drafts.keeping.keep,
        "drafts.keep_older": lambda payload: drafts.keeping.keep_older(),
        "parcels.watch": parcels.watch,
        "parcels.play": parcels.play,
    }
