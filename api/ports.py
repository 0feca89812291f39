"""Fills the ports: what each room calls of the rooms above it, and the chat of the office; done nowhere else.

A room is built before the rooms above it, so a port looks the other room up when it is called.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol, TypeVar

import chat
from api import chat_ports, own_data, providers, reactions
from api.audit.ports import AuditPorts, RequestOrigin, SecurityPorts
from api.audit.security.service import SecurityEvents
from api.audit.service import Audit
from api.cases import scope
from api.cases.case import OPEN
from api.cases.number import has_slip
from api.cases.ports import CasesPorts
from api.circle.ports import CirclePorts
from api.circle.service import Circle
from api.drafts.ports import DraftsPorts
from api.files.ports import FilesPorts
from api.identity.ports import IdentityPorts
from api.identity.sealing.keyring import Keyring
from api.jobs.ports import Handler, JobsPorts, Reaction
from api.jobs.service import Jobs
from api.matters.service import Matters
from api.refusals import CannotStart, NotFound
from api.settings import Settings
from api.web import edge
from api.web.guard import OPERATING
from api.web.limits import network_of
from notifications import CasePlace

Ports = TypeVar("Ports")


class OfficeRooms(own_data.Rooms, Protocol):
    """The parts of the office that the ports use."""

    settings: Settings
    keyring: Keyring
    audit: Audit
    security: SecurityEvents
    jobs: Jobs
    matters: Matters
    circle: Circle
    reactions: Mapping[str, Sequence[Reaction]]
    handlers: Mapping[str, Handler]


def filled(fill: Callable[[OfficeRooms], Ports], office: OfficeRooms) -> Ports:
    """Call `fill` and return the ports of one room. Raises CannotStart, naming the port that is not filled."""
    try:
        return fill(office)
    except TypeError as error:
        raise CannotStart(f"A port is not filled: {error}. Fill it in api/ports.py, {fill.__name__}().") from error


def of_jobs(office: OfficeRooms) -> JobsPorts:
    """The ports of the jobs room: the audit, the reactions to events, the handlers of jobs."""
    return JobsPorts(
        record=lambda actor_id, act, subject, *, session: office.audit.record(actor_id, act, subject, session=session),
        reactions=lambda: office.reactions,
        handlers=lambda: office.handlers,
        recurring=reactions.RECURRING,
    )


def notices_seen_by(officer: Any) -> list[dict[str, str]]:
    """The notices that a member of staff may see, as equalities: those about cases as the cases themselves
    (cases/scope.py), those about none if they run the office."""
    cases = [place or {"group": "case"} for place in scope.within(officer)]
    return [*cases, *([{"group": "office"}] if officer.roles.intersection(OPERATING) else [])]


def case_of_link(office: OfficeRooms, link: str) -> CasePlace | None:
    """Where the case lies that a link of our pages leads to; None if it leads to none."""
    number = link.removeprefix("/cases/").partition("?")[0] if link.startswith("/cases/") else ""
    return reactions.place_of(office.cases.shipment(number)) if number else None


def of_security(office: OfficeRooms) -> SecurityPorts:
    """The ports of security events: where a request comes from, whom an alarm goes to, keys and weak settings."""

    def origin() -> RequestOrigin:
        address, network, route = edge.origin()
        return RequestOrigin(office.keyring.lasting_digest("address", address) if address else "", network, route)

    return SecurityPorts(
        origin=origin,
        alarm=chat_ports.alarms(notices=lambda: office.notices, identity=lambda: office.identity),
        state=lambda: {"keys": office.keyring.ids(), "weak": office.settings.weak},
    )


def of_audit(office: OfficeRooms) -> AuditPorts:
    """The ports of the audit's list: names of staff, and what an officer types for a person, a record or an address."""
    return AuditPorts(
        names=office.identity.staff_names,
        person=lambda text: office.identity.staff_id(text) or text,
        record=lambda text: office.cases.subject_of(text) or text,
        address=lambda address: office.keyring.lasting_digest("address", network_of(str(address).strip())),
    )


def of_identity(office: OfficeRooms) -> IdentityPorts:
    """The ports of identity: audit, notices, outside providers, lookups in the rooms above, export and erasure."""
    return IdentityPorts(
        audit=office.audit.record,
        note_at_once=office.security.note_at_once,
        tell=lambda *words, **more: office.notices.tell(*words, **more),
        wechat=providers.wechat(office.settings),
        register=providers.register(office.settings),
        end_connections=lambda session: office.chat.live.revoke(session),
        knows_matter=lambda code: _knows_matter(office.matters, code),
        departments=lambda: office.matters.departments.codes(),
        points=lambda: [point.id for point in office.circle.points() if point.built != "no"],
        owner_of_case=lambda number: office.cases.owner_of(number),
        works_under=lambda actor, mandate: office.cases.handles_mandate(actor, mandate),
        open_cases=lambda actor: [
            row["number"]
            for row in own_data.my_cases(office, actor)
            if row["state"] in OPEN or office.cases.handling.promises.is_open(row["number"])
        ],
        export=lambda actor: own_data.export(office, actor),
        forget=lambda actor: own_data.forget(office, actor),
        sections=own_data.names,
        join=lambda section, old, new: own_data.join(office, section, old, new),
        holds_nothing=lambda citizen_id: own_data.holds_nothing(office, citizen_id),
        enqueue=office.jobs.enqueue,
    )


def of_files(office: OfficeRooms) -> FilesPorts:
    """The ports of files: who else may read a file, whether anything uses it, and the virus scanner."""
    return FilesPorts(
        shared=lambda actor, upload: office.chat.ties.shares_file(actor, upload),
        in_case=lambda actor, upload: office.cases.holds_file(actor, upload),
        bound=lambda upload: (
            office.drafts.uses(upload) or office.cases.uses_file(upload) or office.chat.ties.uses_file(upload)
        ),
        scan=providers.scanner(office.settings),
    )


def of_circle(office: OfficeRooms) -> CirclePorts:
    """The ports of the circle: staff, open conversations and cases of a point, which cannot be deleted with any."""
    return CirclePorts(
        hangs_on=lambda point: {
            "staff": office.identity.staff_at(point),
            "conversations": office.chat.open_at(point),
            "cases": office.cases.open_at(point),
        }
    )


def of_drafts(office: OfficeRooms) -> DraftsPorts:
    """The ports of drafts: a draft may begin in a conversation, and take over a file that was sent there."""
    return DraftsPorts(
        owns_conversation=lambda actor, conversation: office.chat.ties.is_of(actor, conversation),
        sent_file=lambda actor, conversation, seq: office.chat.ties.sent_file(actor, conversation, seq),
        is_excluded=lambda *applicant: office.cases.broken_promises.is_excluded(*applicant),
        desk_for=office.circle.desk_for,
        in_case=lambda upload: office.cases.uses_file(upload),
        was_sent_card=lambda actor, draft_id: office.chat.ties.shares_card(actor, "draft", draft_id),
        tell=lambda *words, **more: office.notices.tell(*words, **more),
        profile=office.identity.profile,
        earlier_cases=lambda actor, principal: office.cases.earlier.answered(actor, principal),
        open_cases=lambda actor, matter, principal: office.cases.earlier.open_of(actor, matter, principal),
    )


def of_cases(office: OfficeRooms) -> CasesPorts:
    """The ports of cases: the conversations that the timeline of a case shows, its jobs, its parcels."""
    return CasesPorts(
        conversations_of=lambda number, actor: office.chat.ties.of_case(number, actor),
        enqueue=office.jobs.enqueue,
        on_its_way=lambda number, result: office.parcels.is_on_its_way(number, result),
    )


def of_chat(office: OfficeRooms) -> chat.Ports:
    """The ports of the chat: all that it calls of the office."""

    def own_file(upload: str, viewer: Any) -> dict[str, Any] | None:
        file = office.files.accepted(viewer.id, upload)
        return {key: file[key] for key in ("id", "name", "type", "size")} if file else None

    return chat.Ports(
        desk_for=office.circle.desk_for,
        desk_open=office.circle.desk_open,
        card=chat_ports.cards(
            matters=office.matters,
            circle=office.circle,
            drafts=office.drafts,
            cases=office.cases,
            parcels=office.parcels,
        ),
        file=own_file,
        name_of=office.identity.name_of,
        away=chat_ports.away(office.notices),
        announce=office.jobs.announce,
        record=_recorder(office),
        seal=office.keyring.seal,
        open_sealed=office.keyring.open_sealed,
        printed=chat_ports.transcript,
        remind=chat_ports.reminders(notices=office.notices, identity=office.identity),
        has_slip=has_slip,
        case_kept=lambda number: office.cases.shipment(number) is not None,
        skills_of=lambda matter: office.matters.entry(matter)["theme"],
    )


def _recorder(office: OfficeRooms) -> chat.RecordAct:
    """The audit as the chat calls it: looks that an open page repeats are counted; a transcript is a row each time."""

    def record(
        actor_id: str, act: str, subject: str, *, session: Any = None, detail: str = "", count: int | None = None
    ) -> None:
        if act == "read_list" or (act == "read_conversation" and detail != "transcript"):
            office.security.look(actor_id, act, subject, detail=detail, count=count)
        else:
            office.audit.record(actor_id, act, subject, session=session, detail=detail, count=count)

    return record


def _knows_matter(matters: Matters, code: str) -> bool:
    try:
        return matters.matter(code) is not None
    except NotFound:
        return False
