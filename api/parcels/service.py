"""Send a licence, take the carrier's pushes, let the citizen confirm."""

import secrets
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from api.cases import scope
from api.cases.service import Cases
from api.identity.actor import Actor
from api.identity.masking import mask_name, mask_phone
from api.identity.sealing.keyring import Keyring
from api.parcels import parcel as rules
from api.parcels.carriers import Tracker, Watched
from api.parcels.carriers.console import ConsoleCarrier
from api.parcels.store import ParcelStore
from api.refusals import BadFields, NotFound, VersionStale

Row = dict[str, Any]
CLOSED = frozenset({"returned", "cancelled", "lost"})

SWEPT = 100
NOWHERE = {"desk": "", "department": ""}


class OtherPushCameFirst(Exception):
    """Two pushes at once: read again and merge again."""


class Parcels:
    """Parcels. They are there for whom their case is there; receivers are masked."""

    def __init__(
        self,
        store: ParcelStore,
        *,
        cases: Cases,
        keyring: Keyring,
        trackers: Mapping[str, Tracker],
        enqueue: Callable[..., None],
        record: Callable[..., None],
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
        self._transact = transact
        self._announce = announce
        self._now = now

    def start(self) -> None:
        """Give a place to the parcels of a release that knew none."""
        while rows := self._store.unplaced(SWEPT):
            for row in rows:
                shipment = self._cases.shipment(row["case"])
                self._store.follow(row["case_id"], _place(shipment) if shipment else NOWHERE)

    def follow_case(self, number: str) -> None:
        """A case lies elsewhere now: so do its parcels. Again: nothing."""
        shipment = self._cases.shipment(number)
        if shipment is not None:
            self._store.follow(shipment["id"], _place(shipment))

    def send(self, actor: Actor, number: str, carrier: str, waybill: str | None, new_id: str) -> Row:
        """Send a case's licence. Raises NotToBeSent, ParcelExists, BadFields."""
        shipment = self._cases.shipment(number)
        if shipment is None or "window" not in self._cases.roles_at(actor, number):
            raise NotFound
        if shipment["state"] != "issued" or shipment["delivery"]["way"] != "courier":
            raise rules.NotToBeSent
        if carrier not in self._trackers:
            raise BadFields({"carrier": ["没有接通这家快递。"]})
        receiver = {
            field: self._keys.seal(new_id, field, shipment["delivery"][field]) for field in ("name", "phone", "address")
        }
        row = {
            "_id": new_id,
            "v": 1,
            "version": 1,
            "pushes": 0,
            "open": True,
            "case": number,
            "case_id": shipment["id"],
            "owner": shipment["owner"],
            **_place(shipment),
            "direction": "to_citizen",
            "carrier": carrier,
            "number": self._waybill(carrier, waybill),
            "receiver": receiver,
            "secret": secrets.token_urlsafe(24),
            "salt": self._keys.seal(new_id, "salt", secrets.token_urlsafe(16)),
            "state": "awaiting_pickup",
            "monitor": "pending",
            "events": [],
            "sent_by": actor.id,
            "confirmed_at": None,
            "created_at": self._now(),
        }
        self._write_new(row)
        return self._face(row)

    def watch(self, payload: Row) -> None:
        """A job: ask the carrier to tell us of this parcel."""
        row = self._store.parcel(payload["parcel"])
        if row is not None:
            self._trackers[row["carrier"]].watch(self._watched(row))

    def play(self, payload: Row) -> None:
        """A job of the console carrier: its next push, through the same door as a real one."""
        row = self._store.by_secret(payload["secret"])
        console = self._trackers.get("console")
        if row is not None and isinstance(console, ConsoleCarrier):
            begun = datetime.fromisoformat(payload["begun"])
            self.receive(payload["secret"], *console.push(self._watched(row), payload["turn"], begun))

    def receive(self, secret: str, param: str, sign: str) -> None:
        """A carrier's push. Raises NotFound, SignatureBad or BadFields; again, late or shuffled changes nothing."""
        while True:
            row = self._store.by_secret(secret)
            if row is None:
                raise NotFound
            try:
                pushed = self._trackers[row["carrier"]].read_push(self._watched(row), param, sign, self._now())
            except ValueError:
                raise BadFields({"param": ["读不懂这条推送。"]}) from None
            events = rules.merge((rules.TrackingEvent(**line) for line in row["events"]), pushed.events)
            change: Row = {
                "events": [vars(line) for line in events],
                "monitor": pushed.monitor,
                "state": rules.state_of(events),
            }
            change["open"] = row["open"] and change["state"] not in CLOSED
            try:
                return self._take(row, change)
            except OtherPushCameFirst:
                continue

    def confirm(self, actor: Actor, parcel_id: str, version: int) -> Row:
        """The applicant holds it. A second word changes nothing."""
        row = self._store.parcel(parcel_id)
        if row is None or row["owner"] != actor.id:
            raise NotFound
        if row["confirmed_at"] is None:
            if row["state"] in CLOSED:
                raise rules.NotOnItsWay
            self._confirm(row, version)
        return self.parcel(actor, parcel_id)

    def parcel(self, actor: Actor, parcel_id: str) -> Row:
        """A parcel that this actor may see."""
        row = self._store.parcel(parcel_id)
        if row is None or not self._cases.roles_at(actor, row["case"]):
            raise NotFound
        return self._face(row)

    def of_case(self, actor: Actor, number: str) -> list[Row]:
        """The parcels of a case that this actor may see."""
        if not self._cases.roles_at(actor, number):
            raise NotFound
        return [self._face(row) for row in self._store.of_case(number)]

    def queue(self, actor: Actor, queue: str, after: str | None, limit: int) -> list[Row]:
        """The parcels of one's desk or department."""
        wanted: Row = {"open": True, "confirmed_at": None} if queue == "open" else {}
        within = scope.within(actor)
        if within is None:
            return []
        return [self._face(row) for row in self._store.list({**wanted, **within}, after, limit)]

    def card(self, actor: Actor, parcel_id: str) -> Row | None:
        """A parcel as a card in a talk, or None where the viewer may not see it."""
        try:
            face = self.parcel(actor, parcel_id)
        except NotFound:
            return None
        return {
            "ref": parcel_id,
            "title": f"{face['carrier_name']} {face['number']}",
            "state_label": face["state_label"],
        }

    def told(self, parcel_id: str) -> Row:
        """What a notice about this parcel says."""
        row = self._store.parcel(parcel_id)
        assert row is not None
        return {
            "owner": row["owner"],
            "case_id": row["case_id"],
            "number": row["case"],
            "carrier": rules.CARRIERS[row["carrier"]],
            "waybill": row["number"],
        }

    # -- inside -----------------------------------------------------------------

    def _waybill(self, carrier: str, waybill: str | None) -> str:
        if not waybill and carrier == "console":
            return f"YS{secrets.randbelow(10**10):010d}"
        try:
            return rules.check_waybill(carrier, waybill or "")
        except ValueError as error:
            raise BadFields({"number": [str(error)]}) from None

    def _write_new(self, row: Row) -> None:
        def write(session: Any) -> None:
            if not self._store.add(session, row):
                raise rules.ParcelExists
            watch = {"parcel": row["_id"]}
            self._enqueue(f"watch:{row['_id']}", "parcels.watch", watch, due_at=self._now(), session=session)
            self._record(row["sent_by"], "parcel.send", f"parcel:{row['_id']}", session=session)
            self._announce(session, "parcel.sent", row["_id"], case=row["case"])

        self._transact(write)

    def _take(self, row: Row, change: Row) -> None:
        def write(session: Any) -> None:
            if not self._store.pushed(session, row["_id"], row["pushes"], change):
                raise OtherPushCameFirst
            if change["state"] != row["state"]:
                self._announce(session, rules.EVENTS[change["state"]], row["_id"], case=row["case"])

        self._transact(write)

    def _confirm(self, row: Row, version: int) -> None:
        def write(session: Any) -> None:
            change = {"confirmed_at": self._now(), "open": False}
            if not self._store.change(session, row["_id"], version, change):
                raise VersionStale
            self._announce(session, "parcel.confirmed", row["_id"], case=row["case"])

        self._transact(write)

    def _watched(self, row: Row) -> Watched:
        opened = {field: self._keys.open_sealed(row["_id"], field, row[field]) for field in ("salt",)}
        phone = self._keys.open_sealed(row["_id"], "phone", row["receiver"]["phone"])
        return Watched(row["carrier"], row["number"], row["secret"], opened["salt"], phone)

    def _face(self, row: Row) -> Row:
        name, phone, address = (
            self._keys.open_sealed(row["_id"], field, row["receiver"][field]) for field in ("name", "phone", "address")
        )
        return {
            "id": row["_id"],
            "version": row["version"],
            "case": row["case"],
            "direction": row["direction"],
            "carrier": row["carrier"],
            "carrier_name": rules.CARRIERS[row["carrier"]],
            "number": row["number"],
            "state": row["state"],
            "state_label": rules.STATES[row["state"]],
            "monitor": row["monitor"],
            "receiver": {"name": mask_name(name), "phone": mask_phone(phone), "address": rules.mask_address(address)},
            "events": row["events"],
            "confirmed_at": row["confirmed_at"],
            "created_at": row["created_at"],
        }


def _place(shipment: Row) -> Row:
    return {key: shipment[key] for key in ("desk", "department")}
