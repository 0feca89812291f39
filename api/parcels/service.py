"""The use cases of parcels: send a licence, take the carrier's pushes, confirm the receipt."""

import secrets
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from functools import partial
from typing import Any

from api.cases import scope
from api.cases.number import unknown
from api.cases.service import Cases, Shipment
from api.identity.actor import Actor
from api.identity.masking import mask_name, mask_phone
from api.identity.sealing.keyring import Keyring
from api.parcels import parcel as rules
from api.parcels.carriers import Tracker, Watched
from api.parcels.carriers.console import ConsoleCarrier
from api.parcels.parcel import Parcel, Receiver
from api.parcels.store import ParcelStore
from api.refusals import BadFields, NotFound, VersionStale

Row = dict[str, Any]
SWEPT = 100

QUEUES: dict[str, Row] = {"open": {"open": True, "confirmed_at": None}, "all": {"open": {"$in": [True, False]}}}
"""A list needs an equality: the embedded store reads the whole collection for a sort alone."""


class OtherPushCameFirst(Exception):
    """A concurrent push was written first; the caller reads the parcel and merges again."""


@dataclass(frozen=True)
class ParcelNotice:
    """A notice about a parcel: the citizen it goes to, and the values of its template."""

    owner: str
    values: dict[str, str]


class Parcels:
    """Parcels. Whoever may see a case may see its parcels; receivers are masked."""

    def __init__(
        self,
        store: ParcelStore,
        *,
        cases: Cases,
        keyring: Keyring,
        trackers: Mapping[str, Tracker],
        enqueue: Callable[..., None],
        record: Callable[..., None],
        look: Callable[..., None],
        transact: Callable[[Callable[[Any], Any]], Any],
        announce: Callable[..., None],
        now: Callable[[], datetime],
    ) -> None:
        self._store = store
        self._cases = cases
        self._keys = keyring
        self._trackers = trackers
        self._enqueue = enqueue
        self._record = record
        self._look = look
        self._transact = transact
        self._announce = announce
        self._now = now

    def start(self) -> None:
        """Set desk and department of the parcels of older releases, which had none."""
        while parcels := self._store.unplaced(SWEPT):
            for parcel in parcels:
                shipment = self._cases.shipment(parcel.case)
                desk, department = (shipment.desk, shipment.department) if shipment else ("", "")
                self._store.follow(parcel.case_id, desk, department)

    def follow_case(self, number: str) -> None:
        """Set desk and department of a case's parcels to those of the case now. Idempotent."""
        shipment = self._cases.shipment(number)
        if shipment is not None:
            self._store.follow(shipment.id, shipment.desk, shipment.department)

    def send(self, actor: Actor, number: str, carrier: str, waybill: str | None, new_id: str) -> Row:
        """Send the newest result of a case by courier while it waits to be handed over, whatever became of a parcel
        with an earlier one. Raises NotFound, NotToBeSent, ParcelExists, BadFields."""
        shipment = self._cases.shipment(number)
        if shipment is None:
            raise unknown(number)
        if "window" not in self._cases.roles_at(actor, number):
            raise NotFound(subject=f"case:{shipment.id}")
        result = self._cases.shipping.waiting(number)
        if result is None or shipment.delivery["way"] != "courier":
            raise rules.NotToBeSent
        if carrier not in self._trackers:
            raise BadFields({"carrier": ["没有接通这家快递。"]})
        parcel = self._new_parcel(actor, shipment, result["seq"], carrier, _waybill(carrier, waybill), new_id)
        if not self._write_new(parcel, shipment.version):  # handed over, revoked, made anew or only noted meanwhile
            return self.send(actor, number, carrier, waybill, new_id)
        return self._as_json(parcel)

    def watch(self, payload: Row) -> None:
        """A job: subscribe to the carrier's events of this parcel. Raises TrackerFailed, and is then retried."""
        parcel = self._store.parcel(payload["parcel"])
        if parcel is not None:
            self._trackers[parcel.carrier].watch(self._watched(parcel))

    def play(self, payload: Row) -> None:
        """A job of the console carrier: receive its next push, as if it came from a real carrier."""
        parcel = self._store.by_secret(payload["secret"])
        console = self._trackers.get("console")
        if parcel is not None and isinstance(console, ConsoleCarrier):
            begun = datetime.fromisoformat(payload["begun"])
            self.receive(payload["secret"], *console.push(self._watched(parcel), payload["turn"], begun))

    def receive(self, secret: str, param: str, sign: str) -> None:
        """Merge a carrier's push into its parcel, and announce a new state.

        The order of pushes does not matter, and a repeated one adds no event. `secret` is the unguessable part of the
        callback address. Raises NotFound, SignatureBad or BadFields.
        """
        while True:
            before = self._store.by_secret(secret)
            if before is None:
                raise NotFound
            try:
                pushed = self._trackers[before.carrier].read_push(self._watched(before), param, sign, self._now())
            except ValueError:
                raise BadFields({"param": ["读不懂这条推送。"]}) from None
            events = rules.merge(before.events, pushed.events)
            state = rules.state_of(events)
            still_open = before.open and state not in rules.CLOSED
            try:
                after = replace(before, events=events, monitor=pushed.monitor, state=state, open=still_open)
                return self._write_push(before, after)
            except OtherPushCameFirst:
                continue

    def confirm(self, actor: Actor, parcel_id: str, version: int) -> Row:
        """Record the applicant's confirmation of receipt. Idempotent. Raises NotFound, NotOnItsWay, VersionStale."""
        parcel = self._store.parcel(parcel_id)
        if parcel is None or not self._is_receiver(actor, parcel):
            raise NotFound(subject=f"parcel:{parcel_id}" if parcel else "")
        if parcel.confirmed_at is None:
            if parcel.state in rules.CLOSED:
                raise rules.NotOnItsWay
            self._write_confirmed(replace(parcel, confirmed_at=self._now(), open=False), version)
        return self.parcel(actor, parcel_id)

    def parcel(self, actor: Actor, parcel_id: str) -> Row:
        """A parcel, if this actor may see its case. Raises NotFound."""
        parcel = self._store.parcel(parcel_id)
        if parcel is None or not self._cases.roles_at(actor, parcel.case):
            raise NotFound(subject=f"parcel:{parcel_id}" if parcel else "")
        self._record_look(actor, f"parcel:{parcel_id}")
        return self._as_json(parcel)

    def of_case(self, actor: Actor, number: str) -> list[Row]:
        """The parcels of a case, if this actor may see it. Raises NotFound."""
        shipment = self._cases.shipment(number)
        if shipment is None:
            raise unknown(number)
        if not self._cases.roles_at(actor, number):
            raise NotFound(subject=f"case:{shipment.id}")
        parcels = self._store.of_case(shipment.number)
        self._record_look(actor, f"case:{shipment.id}", count=len(parcels))
        return [self._as_json(parcel) for parcel in parcels]

    def queue(self, actor: Actor, queue: str, after: str | None, limit: int) -> list[Row]:
        """A saved queue (`open` or `all`) of the parcels of one's desk or department, newest first, up to `limit`."""
        filters = [{**QUEUES[queue], **place} for place in scope.within(actor)]
        return [self._as_json(parcel) for parcel in self._store.list(filters, after, limit)]

    def looked_at(self, actor: Actor, queue: str, count: int) -> None:
        """Record that a member of staff was given `count` parcels of a queue."""
        self._look(actor.id, "read_list", "list:parcels", detail=f"queue={queue}", count=count)

    def card(self, actor: Actor, parcel_id: str) -> Row | None:
        """A parcel as a card in a conversation, or None where the viewer may not see it."""
        parcel = self._store.parcel(parcel_id)
        if parcel is None or not self._cases.roles_at(actor, parcel.case):
            return None
        title = f"{rules.CARRIERS[parcel.carrier]} {parcel.number}"
        return {"ref": parcel_id, "title": title, "state_label": rules.STATES[parcel.state]}

    def notice_values(self, parcel_id: str) -> ParcelNotice:
        """The recipient of a notice about this parcel, and its values: case number, carrier, waybill."""
        parcel = self._store.parcel(parcel_id)
        assert parcel is not None
        carrier = rules.CARRIERS[parcel.carrier]
        return ParcelNotice(parcel.owner, {"number": parcel.case, "carrier": carrier, "waybill": parcel.number})

    def is_on_its_way(self, number: str, result: Mapping[str, Any]) -> bool:
        """Whether a parcel with this result of a case is on its way: not confirmed, lost or sent back yet."""
        return any(rules.holds(parcel, result) for parcel in self._store.open_of(number))

    def note_replaced(self, number: str) -> None:
        """Mark the parcels of a case that hold another result than its newest. Idempotent, in whatever order."""
        result = self._cases.shipping.newest(number)
        for parcel in self._store.of_case(number):
            if result and not parcel.replaced and not rules.holds(parcel, result):
                self._store.note_replaced(parcel)

    def content(self, parcel_id: str) -> tuple[str, Callable[[Mapping[str, Any]], bool]]:
        """The id of a parcel's case, and whether the parcel holds a result of it."""
        parcel = self._store.parcel(parcel_id)
        assert parcel is not None
        return parcel.case_id, partial(rules.holds, parcel)

    # -- inside -----------------------------------------------------------------

    def _is_receiver(self, actor: Actor, parcel: Parcel) -> bool:
        """Whether a citizen may confirm a parcel: its owner; of a case without one, the applicant by their number."""
        return parcel.owner == actor.id or (not parcel.owner and "citizen" in self._cases.roles_at(actor, parcel.case))

    def _record_look(self, actor: Actor, subject: str, count: int | None = None) -> None:
        """Record that a member of staff looks at a parcel, or at the `count` parcels of a case."""
        if actor.is_staff:
            self._look(actor.id, "read_parcel", subject, count=count)

    def _new_parcel(
        self, actor: Actor, shipment: Shipment, result: int, carrier: str, waybill: str, new_id: str
    ) -> Parcel:
        name, phone, address = (
            self._keys.seal(new_id, field, shipment.delivery[field]) for field in ("name", "phone", "address")
        )
        return Parcel(
            id=new_id,
            version=1,
            pushes=0,
            open=True,
            case=shipment.number,
            case_id=shipment.id,
            owner=shipment.owner,
            desk=shipment.desk,
            department=shipment.department,
            direction="to_citizen",
            result=result,
            replaced=False,
            carrier=carrier,
            number=waybill,
            receiver=Receiver(name, phone, address),
            secret=secrets.token_urlsafe(24),
            salt=self._keys.seal(new_id, "salt", secrets.token_urlsafe(16)),
            state="awaiting_pickup",
            monitor="pending",
            events=(),
            sent_by=actor.id,
            confirmed_at=None,
            created_at=self._now(),
        )

    def _write_new(self, parcel: Parcel, version: int) -> bool:
        """Write a new parcel, if its case is at this version still; False, writing nothing, if an act has come."""

        def write(session: Any) -> bool:
            if not self._cases.shipping.hold(session, parcel.case_id, version):
                return False
            if not self._store.add(session, parcel):
                raise rules.ParcelExists
            watch = {"parcel": parcel.id}
            self._enqueue(f"watch:{parcel.id}", "parcels.watch", watch, due_at=self._now(), session=session)
            self._record(parcel.sent_by, "parcel.send", f"parcel:{parcel.id}", session=session)
            self._announce(session, "parcel.sent", parcel.id, case=parcel.case)
            return True

        return bool(self._transact(write))

    def _write_push(self, before: Parcel, after: Parcel) -> None:
        def write(session: Any) -> None:
            if not self._store.push(session, before, after):
                raise OtherPushCameFirst
            if after.state != before.state:
                self._announce(session, rules.EVENTS[after.state], after.id, case=after.case)

        self._transact(write)

    def _write_confirmed(self, parcel: Parcel, version: int) -> None:
        def write(session: Any) -> None:
            if not self._store.confirm(session, parcel, version):
                raise VersionStale
            self._announce(session, "parcel.confirmed", parcel.id, case=parcel.case)

        self._transact(write)

    def _watched(self, parcel: Parcel) -> Watched:
        salt = self._keys.open_sealed(parcel.id, "salt", parcel.salt)
        phone = self._keys.open_sealed(parcel.id, "phone", parcel.receiver.phone)
        return Watched(parcel.carrier, parcel.number, parcel.secret, salt, phone)

    def _as_json(self, parcel: Parcel) -> Row:
        receiver = {
            field: self._keys.open_sealed(parcel.id, field, sealed) for field, sealed in asdict(parcel.receiver).items()
        }
        return {
            "id": parcel.id,
            "version": parcel.version,
            "case": parcel.case,
            "direction": parcel.direction,
            "replaced": parcel.replaced,
            "carrier": parcel.carrier,
            "carrier_name": rules.CARRIERS[parcel.carrier],
            "number": parcel.number,
            "state": parcel.state,
            "state_label": rules.STATES[parcel.state],
            "monitor": parcel.monitor,
            "receiver": {
                "name": mask_name(receiver["name"]),
                "phone": mask_phone(receiver["phone"]),
                "address": rules.mask_address(receiver["address"]),
            },
            "events": [asdict(event) for event in parcel.events],
            "confirmed_at": parcel.confirmed_at,
            "created_at": parcel.created_at,
        }


def _waybill(carrier: str, waybill: str | None) -> str:
    """A checked waybill number; the console carrier draws its own. Raises BadFields."""
    if not waybill and carrier == "console":
        return f"YS{secrets.randbelow(10**10):010d}"
    try:
        return rules.check_waybill(carrier, waybill or "")
    except ValueError as error:
        raise BadFields({"number": [str(error)]}) from None
