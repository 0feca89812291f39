"""The use cases of cases, for routes and other rooms: acts, lists, and a case as its viewer may see it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from api.audit.security.service import SecurityEvents
from api.audit.service import Audit
from api.calendar.service import Calendar
from api.cases import case as rules
from api.cases import scope
from api.cases.access import CaseAccess
from api.cases.act_words import notice_values as act_values
from api.cases.case import Action, Case
from api.cases.deadlines import Deadlines
from api.cases.desk import DeskQueues
from api.cases.documents.service import CaseDocuments, as_of
from api.cases.documents.store import DocumentStore
from api.cases.earlier_cases import EarlierCases
from api.cases.folding import QueueFolding
from api.cases.ground import CaseGround
from api.cases.handling import CaseHandling
from api.cases.kinds import KINDS, state_words
from api.cases.life.guards import ActNotYours
from api.cases.life.standing import WORK_OF, may_hold
from api.cases.lookup import Lookups
from api.cases.my_cases import MyCases
from api.cases.number import number_in, refuse_slip, unknown
from api.cases.ports import CasesPorts
from api.cases.promises.service import BrokenPromises
from api.cases.reader import CaseReader
from api.cases.shipping import Shipping
from api.cases.store import CaseStore
from api.cases.submission import Submission
from api.cases.sweeps import ClockFolding
from api.cases.templates.offers import TemplateOffers
from api.cases.templates.service import ActTemplates
from api.cases.untold import UntoldNews
from api.cases.views import CaseViews
from api.drafts.service import Drafts
from api.files.service import Files
from api.identity.actor import Actor
from api.identity.mandates.mandate import MandateEnded
from api.identity.sealing.keyring import Keyring
from api.identity.service import Identity
from api.matters.service import Matters
from api.pdf import Paper
from api.refusals import NotFound
from api.web.guard import ActorLike

Row = dict[str, Any]

LOOKED_UP = ("number", "matter", "state", "state_label", "state_label_en", "act_by", "notice_due", "sentence")
"""What a look-up without a log-in shows of a case."""


@dataclass(frozen=True)
class Shipment:
    """A case as the parcels room needs it: id and number, desk and department, state, delivery of the result."""

    id: str
    number: str
    owner: str
    desk: str
    department: str
    state: str
    delivery: Row


@dataclass(frozen=True)
class CaseNotice:
    """A notice about a case: the citizens with an account it goes to, the owner first, and its template's values."""

    people: tuple[str, ...]
    values: dict[str, str]
    deferral: dict[str, str]
    """The values of a notice about what follows later: its last day, which materials."""


class Cases:
    """Cases. Citizens reach their own and those filed for them, staff those of their post (access.py); else NotFound.

    Staff reading a case in full is audited. `desk_for(matter, point)` gives the point whose window accepts, or None.
    """

    def __init__(
        self,
        store: CaseStore,
        *,
        broken_promises: BrokenPromises,
        templates: ActTemplates,
        documents: DocumentStore,
        drafts: Drafts,
        matters: Matters,
        files: Files,
        identity: Identity,
        calendar: Calendar,
        audit: Audit,
        security: SecurityEvents,
        keyring: Keyring,
        desk_for: Callable[[str | None, str | None], str | None],
        transact: Callable[[Callable[[Any], Any]], Any],
        announce: Callable[..., None],
        now: Callable[[], datetime],
        claim_days: int,
        ports: CasesPorts,
    ) -> None:
        self._ground = ground = CaseGround(
            store=store,
            reader=CaseReader(store, keyring=keyring, matters=matters, mandates=identity.mandates, calendar=calendar),
            access=CaseAccess(identity.mandates, matters.departments.is_government),
            matters=matters,
            files=files,
            identity=identity,
            calendar=calendar,
            audit=audit,
            security=security,
            keyring=keyring,
            broken_promises=broken_promises,
            templates=templates,
            transact=transact,
            announce=announce,
            now=now,
            in_draft=drafts.uses,
            claim_days=claim_days,
        )
        self._store, self._reader, self._access = ground.store, ground.reader, ground.access
        self.broken_promises, self.templates, self.offers = broken_promises, templates, TemplateOffers(ground)
        self._submission, self.handling = Submission(ground, drafts=drafts, desk_for=desk_for), CaseHandling(ground)
        self.folding, self.shipping = ClockFolding(ground), Shipping(ground, ports.on_its_way)
        self.queue_folding = QueueFolding(ground, ports.on_its_way)
        self.deadlines, self._views = Deadlines(ground, self.handling.silence, ports.enqueue), CaseViews(ground)
        self.documents, self.earlier = CaseDocuments(ground, documents), EarlierCases(ground)
        self._lookups, self._desk, self._is_folded, self._ports = Lookups(ground), DeskQueues(ground), False, ports
        self.mine, self.untold = MyCases(ground, self._views), UntoldNews(ground, self._views)

    def start(self) -> None:
        """Give the cases of older releases desk and department, so that staff find them; `folding` does the clocks."""
        self._is_folded = False
        for case_id in self._store.ids({"desk": None}):
            case = self._store.by_id(case_id)
            if case is not None:
                desk, department = self._submission.place(case.matter.code, case.matter.version)
                self._store.place(case.id, desk, department, rules.uploads(self.actions(case.id)))

    # -- acts -------------------------------------------------------------------------

    def submit(self, actor: Actor, draft_id: str, new_id: str) -> Row:
        """Submit a complete draft, which becomes a case; a draft becomes one case at most.

        Raises NotComplete, DraftSubmitted, MandateEnded, VersionStale.
        """
        return self._views.whole(actor, self._submission.submit(actor, draft_id, new_id))

    def supplement(self, actor: Actor, number: str, version: int, materials: dict[str, list[str]], text: str) -> Row:
        """Hand in all materials that were asked for. Raises NotFound, MandateEnded, and what `act` raises."""
        case = self._own(actor, number)
        return self._views.whole(actor, self.handling.supplement(actor, case, version, materials, text))

    def withdraw(self, actor: Actor, number: str, version: int, reason: str) -> Row:
        """Withdraw one's own application, before the decision. Raises as `supplement` does."""
        return self._views.whole(actor, self.handling.withdraw(actor, self._own(actor, number), version, reason))

    def act(self, actor: Actor, number: str, version: int, act: str, data: Row) -> Row:
        """Do an act of staff. Raises NotFound, VersionStale, BadFields, and what `case.check` raises."""
        return self._views.whole(actor, self.handling.act(actor, self._visible(actor, number), version, act, data))

    # -- reading ------------------------------------------------------------------

    def by_id(self, actor: Actor, case_id: str) -> Row:
        """A case by its id, e.g. for a repeated submission. Raises NotFound."""
        case = self._store.by_id(case_id)
        if case is None:
            raise NotFound
        return self.case(actor, case.number)

    def case(self, actor: Actor, number: str) -> Row:
        """A case in full as this actor may see it; a read by staff is audited. Raises NotFound."""
        case = self._visible(actor, number)
        if actor.is_staff:
            act = "read_unmasked" if scope.handles(actor, case) else "read_masked"
            self._ground.audit.record(actor.id, act, f"case:{case.id}")
        return self._views.whole(actor, self._reader.open(case))

    def paper(self, actor: Actor, number: str, seq: int | None, base: str, press: Callable[[Paper], bytes]) -> bytes:
        """The document about one act of a case, or the last that has one; see `CaseDocuments.content`. ActNotYours."""
        case = self._visible(actor, number)
        if not scope.opens_papers(actor, case):
            raise ActNotYours
        if actor.is_staff:
            self._ground.audit.record(actor.id, "read_unmasked", f"case:{case.id}")
        return self.documents.content(case, seq, base, press)

    def papers(self, actor: Actor, number: str) -> list[Row]:
        """The documents of a case: number, title, date, code, hash, where their bytes are. Raises NotFound."""
        case = self._visible(actor, number)
        self._record_look(actor, "read_documents", case)
        return self.documents.listed(case, opens=scope.opens_papers(actor, case))

    def copy(self, actor: Actor, number: str) -> Row:
        """A case in full for the export of a citizen's data: numbers unmasked, but for an agent masked."""
        case = self._reader.open(self._visible(actor, number))
        record, mandates = case.record, self._ground.identity.mandates
        applied = mandates.is_applicant(actor, record.principal, record.mandate) if record.principal else True
        whole = {**self._views.whole(actor, case), "documents": self.documents.listed(case.record)}
        return {**whole, **({"answers": case.answers} if applied else {})}

    def queue(self, actor: Actor, queue: str, after: str | None, most: int) -> tuple[list[Row], str | None]:
        """One page of a queue of the desk, soonest due first, and where the next goes on; see `DeskQueues.page`."""
        cases, following = self._desk.page(actor, queue, after, most)
        return self._views.lines(cases), following

    def queues(self, actor: Actor) -> Row:
        """The queues that the console shows this actor, with how many cases lie in each; see `DeskQueues.counts`.

        `complete`: whether no case of an earlier release waits to be folded, whose due the queues do not know.
        """
        self._is_folded = self._is_folded or self._store.is_folded()
        return {"items": self._desk.counts(actor), "complete": self._is_folded}

    def search(self, actor: Actor, text: str, after: str | None, most: int) -> tuple[list[Row], str | None]:
        """One page of the cases of one's post with this number, name or telephone; see `DeskQueues.search`."""
        cases, following = self._desk.search(actor, text, after, most)
        return self._views.lines(cases), following

    def looked_at(self, actor: Actor, queue: str, count: int) -> None:
        """Record that a member of staff was given `count` cases of a queue."""
        self._ground.security.look(actor.id, "read_list", "list:cases", detail=f"queue={queue}", count=count)

    def departments(self) -> list[Row]:
        """The departments that a case may be transferred to: `{code, name}`."""
        return [self._views.department(code) for code in self._ground.matters.departments.codes()]

    def timeline(self, actor: Actor, number: str) -> list[Row]:
        """The acts on a case and the conversations about it, in order of time; internal notes only for staff."""
        case = self._visible(actor, number)
        self._record_look(actor, "read_timeline", case)
        return self._timeline(actor, case)

    def clock(self, actor: Actor, number: str) -> Row:
        """The working-day clock of a case now with its words, as JSON (`clock.words.ClockWords`). Raises NotFound."""
        case = self._visible(actor, number)
        self._record_look(actor, "read_clock", case)
        return self._ground.reasoned_clock(self._reader.open(case)).as_json()

    def look_up(self, visitor: ActorLike, number: str, code: str) -> Row:
        """Number, matter, state and clock of a case, given its number and receipt code (lookup.py). NotFound."""
        line = self._views.line(self._lookups.case(visitor, number, code))
        return {key: line[key] for key in LOOKED_UP}

    # -- for other rooms --------------------------------------------------------------

    def actions(self, case_id: str) -> tuple[Action, ...]:
        """The actions of a case in order, decrypted."""
        return self._reader.actions(case_id)

    def card(self, actor: Actor, number: str) -> Row | None:
        """A case as a card in a conversation, or None where the viewer may not see it."""
        case = self._store.by_number(number)
        if case is None or not self._access.may_see(actor, case):
            return None
        matter, state = case.matter, self._ground.clock(case).state_label()
        labels = {"state_label": state.zh, "state_label_en": state.en}
        return {"ref": case.number, "title": matter.name, **labels, "matter": matter.code}

    def shipment(self, number: str) -> Shipment | None:
        """What the parcels room needs of a case; None where there is no such case."""
        case = self._store.by_number(number)
        if case is None:
            return None
        delivery = self._reader.delivery(case)
        return Shipment(case.id, case.number, case.owner, case.desk or "", case.department or "", case.state, delivery)

    def subject_of(self, text: str) -> str | None:
        """What the audit calls the case with this number; None where there is none. Raises NumberSlip."""
        case = self._store.by_number(text)
        if case is None and (number := number_in(text)):
            refuse_slip(number)
        return f"case:{case.id}" if case else None

    def owner_of(self, number: str) -> str | None:
        """The citizen who filed a case; None where there is no such case. Raises NumberSlip."""
        case = self._store.by_number(number)
        if case is None:
            refuse_slip(number)
        return (case.owner or None) if case else None

    def people(self, number: str) -> list[str]:
        """The accounts that are told of a parcel: the owner of its case; without one, or once that account is closed,
        those that the case belongs to by the number of its applicant."""
        case = self._store.by_number(number)
        return (self._told_owner(case) or self._access.applicants(case)) if case else []

    def handles_mandate(self, actor: Actor, mandate_id: str) -> bool:
        """Whether a member of staff works on a case that was filed under this mandate, by desk or department."""
        posts = [{"mandate": mandate_id, field: value} for field, value in set(scope.reach(actor).values())]
        return bool(self._store.list(posts, None, 1))

    def roles_at(self, actor: Actor, number: str) -> frozenset[str]:
        """The roles in which an actor may act on a case; empty if they may not see it, or there is none."""
        case = self._store.by_number(number)
        return self._access.roles(actor, case) if case else frozenset()

    def holds_file(self, actor: Actor, upload: str) -> bool:
        """Whether a file was handed in with a case of this citizen's, or belongs to one that this officer handles."""
        cases, is_photograph = self._store.with_file(upload), self._reader.is_photograph
        return any(
            scope.handles(actor, case) or (self._access.concerns(actor, case) and not is_photograph(case, upload))
            for case in cases
        )

    def open_at(self, desk: str) -> int:
        """How many cases of a desk have not ended."""
        return self._store.count_open(desk)

    def uses_file(self, upload: str) -> bool:
        """Whether a file was handed in with any case."""
        return bool(self._store.with_file(upload))

    def notice_values(self, case_id: str, seq: int | None = None) -> CaseNotice:
        """The recipients of a notice about an act on this case, and its values: number, matter, due day, how many
        materials were asked for, and the words of its kind.

        They are those of the case right after the action `seq`, whatever has happened since; without one, of now.
        """
        case = self._store.by_id(case_id)
        assert case is not None
        opened = self._reader.open(case)
        act = as_of(self._ground, opened, seq) if seq else opened
        standing, clock = act.standing, self._ground.clock(act.record, act.actions[-1].at if seq else None)
        others = self._access.applicants(case)
        kind, decided = self._ground.kind(case), standing.decision
        outcome = decided and state_words(kind, "granted" if decided["kind"] == "grant" else "refused")
        values = {
            "number": case.number,
            "matter": case.matter.name,
            "due": (clock.due()["act_by"] or clock.clock.get("supplement_due") or "")[:10],
            "count": str(len(standing.supplement["items"]) if standing.supplement else 0),
            "outcome": outcome.zh if outcome else "",
            "outcome_en": outcome.en.lower() if outcome else "",
            "result": KINDS[kind].result.zh,
            "result_en": KINDS[kind].result.en,
            **act_values(act.actions[-1]),
        }
        people = tuple(dict.fromkeys([*self._told_owner(case), *others]))
        return CaseNotice(people, values, self.handling.promises.notice_values(act))

    def officers(self, case_id: str) -> list[str]:
        """The members of staff who move a case on: who holds it, else all at its desk or department in that role."""
        case = self._store.by_id(case_id)
        if case is None or case.state not in WORK_OF:
            return []
        if holder := self._ground.holder(case):
            return [holder.id]
        posted = self._ground.identity.officers_at(case.desk or "", case.department or "")
        return [officer.id for officer in posted if may_hold(case.state, scope.roles_at(officer, case))]

    # -- inside -----------------------------------------------------------------------

    def _timeline(self, actor: Actor, case: Case) -> list[Row]:
        conversations = self._ports.conversations_of(case.number, actor)
        return self._views.timeline(actor, case, self.actions(case.id), conversations)

    def _record_look(self, actor: Actor, act: str, case: Case) -> None:
        if actor.is_staff:
            self._ground.security.look(actor.id, act, f"case:{case.id}")

    def _told_owner(self, case: Case) -> list[str]:
        """The owner of a case, whom news of it goes to; none once the account is closed, since nobody reads it."""
        return [case.owner] if case.owner and not self._ground.identity.is_closed(case.owner) else []

    def _visible(self, actor: Actor, number: str) -> Case:
        case = self._store.by_number(number)
        if case is None:
            raise unknown(number)
        if not self._access.may_see(actor, case):
            raise NotFound(subject=f"case:{case.id}")
        return case

    def _own(self, actor: Actor, number: str) -> Case:
        case = self._store.by_number(number)
        if case is None:
            raise unknown(number)
        if not self._access.concerns(actor, case):
            raise NotFound(subject=f"case:{case.id}")
        if not self._access.may_act(actor, case):
            raise MandateEnded
        return case
