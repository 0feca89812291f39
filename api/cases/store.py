"""The collections `case_actions` (append-only, the source of truth), `cases` (their snapshots), `lookups` (counters).

Stored documents are read into `Case` and `SealedAction` here and nowhere else.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from pymongo.errors import DuplicateKeyError

from api.cases.case import Case, SealedAction
from api.cases.clock.of_case import is_current
from api.cases.number import number_as_read
from api.cases.queues import DEPARTMENT, DESK, QueueKey, key, unfolded
from api.cases.serials.store import SerialStore
from api.drafts.draft import MatterVersion
from api.storage.database import Database, Document, Index, Upgrade

INDEXES: list[Index] = [
    ("cases", [("number", 1)], {"unique": True}),
    ("cases", [("queue.keys", 1), ("queue.due", 1)], {}),
    ("cases", [("queue.later", 1), ("queue.later_due", 1)], {}),
    ("cases", [("submitted_at", -1)], {}),
    ("cases", [("owner", 1), ("submitted_at", -1)], {}),
    ("cases", [("principal", 1), ("submitted_at", -1)], {}),
    ("cases", [("desk", 1), ("submitted_at", -1)], {}),
    ("cases", [("department", 1), ("submitted_at", -1)], {}),
    ("cases", [("name_index", 1), ("submitted_at", -1)], {}),
    ("cases", [("phone_index", 1), ("submitted_at", -1)], {}),
    ("cases", [("state", 1), ("_id", -1)], {}),
    ("cases", [("uploads", 1)], {}),
    ("cases", [("old_clock", 1), ("_id", -1)], {}),
    ("cases", [("old_queue", 1), ("_id", -1)], {}),
    ("cases", [("mandate", 1), ("_id", -1)], {}),
    ("cases", [("untold_desk", 1), ("untold_at", -1)], {}),
    ("case_actions", [("case", 1), ("seq", 1)], {"unique": True}),
    ("lookups", [("delete_at", 1)], {"expireAfterSeconds": 0}),
]

BLIND = [("cases", field) for field in ("receipt_index", "principal", "name_index", "phone_index")]
SEALED = [
    ("cases", ("answers", "situation", "delivery", "receipt", "masked_name")),
    ("case_actions", ("data",)),
]


def _with_queue(case: Document, seal: Any) -> Document:
    here = unfolded(case["state"], case.get("desk"), case.get("department"), case["officer"], case["submitted_at"])
    return {"queue": here, "old_queue": True}


UPGRADES: list[Upgrade] = [("cases", lambda case, seal: {"old_clock": True}, ()), ("cases", _with_queue, ())]
"""Version 2: `clock_facts` count the last round of supplement only, and know every end. They are made of the actions,
which an upgrade does not see: `sweeps.ClockFolding` makes them.

Version 3: every case stands in its queues. Its due, the masked name and the indexes of the search need keys, actions
and calendar: `folding.QueueFolding` makes them."""
VERSION = 1 + len(UPGRADES)
FOLDED = ("queue", "masked_name", "name_index", "phone_index", "held_since", "is_sent")
NOT_IN_LINES = dict.fromkeys(("answers", "situation", "delivery", "receipt", "receipt_index", "uploads"), 0)
FIRST_WINDOW = timedelta(days=1)
"""The days of submission that a list by time reads first."""
OLDEST = datetime(2000, 1, 1, tzinfo=UTC)
IDS = 10_000
"""How many ids of cases are read at a time."""

SNAPSHOT = ("state", "officer", "uploads", "clock_facts", "updated_at", "end", "queue", "held_since")
"""The fields of a case that every action replaces; `department` too, if there is one, and at a `reissue` `is_sent`."""


class QueuedRow(NamedTuple):
    """The stored document of a case as a queue gives it, and its `due` there; `is_later`: after silence."""

    document: Document
    is_later: bool
    due: str

    @property
    def case(self) -> Case:
        """The case itself, without what is sealed but the masked name."""
        return _case(self.document)


class NumberTaken(Exception):
    """The case number is in use already, e.g. since the counters are of an older backup; the caller takes the next."""


class CaseStore:
    """Cases and their actions."""

    def __init__(self, database: Database) -> None:
        self._db = database
        self.serials = SerialStore(database)

    def add(self, session: Any, case: Case, action: SealedAction) -> None:
        """Insert a new case with its first action. Raises NumberTaken."""
        try:
            self._db["cases"].insert_one({"v": VERSION, **_document(case)}, session=session)
        except DuplicateKeyError as error:
            if "number" in (error.details or {}).get("keyPattern", {}):
                raise NumberTaken from None
            raise
        self._db["case_actions"].insert_one(_document(action), session=session)

    def append(self, session: Any, case: Case, action: SealedAction) -> bool:
        """Append an action and replace the snapshot by `case`; False if another action came first, or a parcel."""
        snapshot = {field: getattr(case, field) for field in SNAPSHOT} | {"version": action.seq}
        if case.department:
            snapshot["department"] = case.department
        wanted = {"_id": case.id, "version": action.seq - 1, **_if_sent(case)}
        if action.act == "reissue":
            wanted, snapshot["is_sent"] = {"_id": case.id, "version": action.seq - 1}, case.is_sent
        if self._db["cases"].update_one(wanted, {"$set": snapshot}, session=session).modified_count != 1:
            return False
        self._db["case_actions"].insert_one(_document(action), session=session)
        return True

    def by_number(self, number: str) -> Case | None:
        """A case by its number, however that was typed."""
        return _case_or_none(self._db["cases"].find_one({"number": number_as_read(number)}))

    def by_id(self, case_id: str) -> Case | None:
        """A case by its id."""
        return _case_or_none(self._db["cases"].find_one({"_id": case_id}))

    def with_file(self, upload: str) -> list[Case]:
        """The cases that a file was handed in with."""
        return [_case(row) for row in self._db["cases"].find({"uploads": upload})]

    def count_open(self, desk: str) -> int:
        """How many cases of a desk are in one of the OPEN states."""
        return self._db["cases"].count_documents({"queue.keys": key(DESK, desk, DEPARTMENT)})

    def ids(self, wanted: Document) -> Iterator[str]:
        """The ids of the cases that match, newest first, read while they are asked for. `wanted` is an equality.

        IDS at a time, since on the embedded store a page costs as many rows as match, however short it is.
        """
        older: Document = {}
        while True:
            page = self._db["cases"].find({**wanted, **older}, {"_id": 1}).sort("_id", -1).limit(IDS)
            ids = [row["_id"] for row in page]
            yield from ids
            if len(ids) < IDS:
                break
            older = {"_id": {"$lt": ids[-1]}}

    def older_ids(self, state: str, after: str | None, most: int) -> list[str]:
        """Up to `most` ids of the cases in a state, newest first: those behind the id `after`; None: from the start."""
        wanted = {"state": state, **({"_id": {"$lt": after}} if after else {})}
        return [row["_id"] for row in self._db["cases"].find(wanted, {"_id": 1}).sort("_id", -1).limit(most)]

    def place(self, case_id: str, desk: str, department: str, uploads: list[str]) -> None:
        """Set desk, department and uploads of a case that has none; one that has a desk keeps it."""
        place = {"desk": desk, "department": department, "uploads": uploads, "old_queue": True}
        self._db["cases"].update_one({"_id": case_id, "desk": None}, {"$set": place})

    def reach(self, session: Any, case_id: str, deadline: str) -> bool:
        """Note that a deadline (`kind:due`) was reached; False if it was noted before."""
        fresh = {"_id": case_id, "reached": {"$ne": deadline}}
        change = {"$push": {"reached": deadline}}
        return self._db["cases"].update_one(fresh, change, session=session).modified_count == 1

    def fold_clock(self, case: Case, facts: Document) -> bool:
        """Replace the clock's input that an earlier release made; False if something came first."""
        wanted, folded = _facts_as_read(case, facts)
        change = {"$unset": {"old_clock": ""}} | ({"$set": folded} if folded else {})
        return self._db["cases"].update_one(wanted, change).matched_count == 1

    def take_as_told(self, case: Case, dues: Document) -> bool:
        """Set the dues that count as told to the applicant of a case; False if an act came first."""
        wanted = {"_id": case.id, "version": case.version}
        return self._db["cases"].update_one(wanted, {"$set": {"clock_facts.told": dues}}).matched_count == 1

    def requeue(self, before: Case, after: Case) -> bool:
        """Replace the queues of a case, and whether its result is on its way, without an act; False if something came
        first."""
        change = {"$set": {"queue": after.queue, "is_sent": after.is_sent}}
        return self._db["cases"].update_one(_queue_as_read(before), change).matched_count == 1

    def hold(self, session: Any, case_id: str, version: int) -> bool:
        """Hold a case until this transaction, which sends its result, ends; False if an act has come before.

        No act comes meanwhile, since the case is written: with a number of its own, as `version` counts the acts alone
        and a write that changes nothing holds nothing.
        """
        same = {"_id": case_id, "version": version}
        return self._db["cases"].update_one(same, {"$inc": {"sendings": 1}}, session=session).matched_count == 1

    def fold_queue(self, before: Case, after: Case) -> bool:
        """Replace what an earlier release could not store of a case's lists; False if something came first."""
        wanted, facts = _facts_as_read(before, after.clock_facts)
        folded = {field: getattr(after, field) for field in FOLDED} | facts
        change = {"$set": folded, "$unset": {"old_queue": ""}}
        return self._db["cases"].update_one({**wanted, **_queue_as_read(before)}, change).matched_count == 1

    def is_folded(self) -> bool:
        """Whether no case of an earlier release waits for `fold_queue`."""
        return self._db["cases"].find_one({"old_queue": True}, {"_id": 1}) is None

    def actions(self, case_id: str) -> list[SealedAction]:
        """All actions of a case in their order."""
        return [_action(row) for row in self._db["case_actions"].find({"case": case_id}).sort("seq", 1)]

    # -- news that the counter tells ------------------------------------------------------

    def note_untold(self, number: str, at: datetime) -> None:
        """Note news of a case at its desk, unless that of this instant was told or noted already."""
        while case := self.by_number(number):
            if any(earlier and earlier >= at for earlier in (case.untold_at, case.told_at)):
                break
            same = {"_id": case.id, "told_at": case.told_at}
            change = {"$set": {"untold_desk": case.desk, "untold_at": at}}
            if self._db["cases"].update_one(same, change).matched_count == 1:
                break

    def untold(self, desk: str, now: datetime, after: str | None, most: int) -> tuple[list[Case], str | None]:
        """One page of the cases with news at a desk, the latest first: see `walk_back`."""
        rows, following = self._db.walk_back(
            "cases", [{"untold_desk": desk}], "untold_at", begin=OLDEST, end=now, after=after, most=most
        )
        return [_case(row) for row in rows], following

    def note_told(self, session: Any, case: Case) -> bool:
        """Note that the news of a case as it was read was told; False if there is none, or something newer."""
        same = {"_id": case.id, "version": case.version, "untold_at": case.untold_at}
        change = {"$set": {"told_at": case.untold_at}, "$unset": {"untold_desk": "", "untold_at": ""}}
        if case.untold_at is None:
            return False
        return self._db["cases"].update_one(same, change, session=session).matched_count == 1

    # -- look-ups with a receipt code ---------------------------------------------------

    def take_lookup(self, counter: str, most: int, delete_at: datetime) -> bool:
        """Count one more under this key; False, counting nothing, if there were `most`. Atomic."""
        below = {"_id": counter, "n": {"$lt": most}}
        change = {"$inc": {"n": 1}, "$setOnInsert": {"v": 1, "delete_at": delete_at}}
        try:
            self._db["lookups"].update_one(below, change, upsert=True)
        except DuplicateKeyError:
            return self._db["lookups"].update_one(below, {"$inc": {"n": 1}}).matched_count == 1
        return True

    def give_lookup_back(self, counter: str) -> None:
        """Take back one that `take_lookup` counted."""
        self._db["lookups"].update_one({"_id": counter, "n": {"$gt": 0}}, {"$inc": {"n": -1}})

    def knows_network(self, network: str, now: datetime) -> bool:
        """Whether `know_network` was called for it and still holds."""
        row = self._db["lookups"].find_one({"_id": network}, {"delete_at": 1})
        return row is not None and row["delete_at"] > now

    def know_network(self, network: str, until: datetime) -> None:
        """Know a network of a case until an instant."""
        self._db["lookups"].update_one({"_id": network}, {"$set": {"v": 1, "delete_at": until}}, upsert=True)

    # -- lists ------------------------------------------------------------------------

    def queued(self, streams: Iterable[QueueKey], low: str, high: str) -> list[QueuedRow]:
        """The cases of some queues whose due lies between these two, both included.

        Without what is sealed but the masked name: `reader.open` needs the case by its id.
        """
        rows: dict[str, QueuedRow] = {}
        for stream in streams:
            keys, due = ("later", "later_due") if stream.is_later else ("keys", "due")
            wanted = {f"queue.{keys}": stream.key, f"queue.{due}": {"$gte": low, "$lte": high}}
            for row in self._db["cases"].find(wanted, NOT_IN_LINES):
                rows[f"{stream.is_later}{row['_id']}"] = QueuedRow(row, stream.is_later, row["queue"][due])
        return list(rows.values())

    def newest(
        self,
        streams: Sequence[Document],
        now: datetime,
        after: str | None,
        most: int,
        keep: Callable[[Case], bool] = lambda case: True,
    ) -> tuple[list[Case], str | None]:
        """One page of the cases that match one of the equalities, the last submitted first: see `walk_back`."""
        rows, following = self._db.walk_back(
            "cases",
            streams,
            "submitted_at",
            begin=OLDEST,
            end=now,
            after=after,
            most=most,
            keep=lambda row: keep(_case(row)),
            width=FIRST_WINDOW,
        )
        return [_case(row) for row in rows], following

    def list(self, filters: Iterable[Document], after: str | None, limit: int) -> list[Case]:
        """Cases that match one of the filters, newest first, up to `limit`.

        One query per filter, since the embedded store reads the whole collection for an `$or`.
        """
        rows = {row["_id"]: row for wanted in filters for row in self._db.newest("cases", wanted, after, limit)}
        return [_case(rows[case_id]) for case_id in sorted(rows, reverse=True)[:limit]]


def _if_sent(case: Case) -> Document:
    """Matches while it is as it was read whether the result of a case is on its way."""
    return {"is_sent": True if case.is_sent else {"$ne": True}}


def _queue_as_read(case: Case) -> Document:
    """Matches a case while nothing has changed that its queues are made of, nor they themselves."""
    queue = {f"queue.{field}": case.queue.get(field) for field in ("keys", "due")}
    return {"_id": case.id, "version": case.version, **_if_sent(case), **queue}


def _facts_as_read(case: Case, facts: Document) -> tuple[Document, Document]:
    """What matches a case while no other fold has made its clock's input current, and the change: none if it was."""
    same = {"_id": case.id, "version": case.version}
    return (
        (same, {})
        if is_current(case.clock_facts)
        else (
            {**same, "clock_facts.recorded": {"$ne": True}},
            {"clock_facts": facts},
        )
    )


def _case_or_none(row: Document | None) -> Case | None:
    return _case(row) if row else None


def _case(row: Document) -> Case:
    """A case from its document. Releases before mandates, places or situations wrote no such fields."""
    return Case(
        id=row["_id"],
        version=row["version"],
        number=row["number"],
        receipt=row.get("receipt", ""),
        receipt_index=row.get("receipt_index", ""),
        owner=row["owner"],
        mandate=row.get("mandate"),
        principal=row.get("principal"),
        matter=MatterVersion(row["matter"]["code"], row["matter"]["name"], row["matter"]["version"]),
        answers=row.get("answers", ""),
        situation=row.get("situation"),
        delivery=row.get("delivery", ""),
        submitted_at=row["submitted_at"],
        desk=row.get("desk"),
        department=row.get("department"),
        state=row["state"],
        officer=row["officer"],
        uploads=row.get("uploads", []),
        clock_facts=row["clock_facts"],
        updated_at=row["updated_at"],
        end=row.get("end"),
        queue=row.get("queue", {}),
        is_sent=row.get("is_sent", False),
        held_since=row.get("held_since"),
        **{
            field: row.get(field)
            for field in ("masked_name", "name_index", "phone_index", "aided", "untold_at", "told_at", "reached")
        },
    )


def _action(row: Document) -> SealedAction:
    fields = ("v", "case", "seq", "act", "at", "by", "role", "data")
    return SealedAction(row["_id"], *(row[field] for field in fields))


def _document(record: Case | SealedAction) -> Document:
    document = asdict(record)
    for field in ("aided", "untold_at", "told_at", "reached"):  # few cases have them
        if document.get(field) is None:
            document.pop(field, None)
    return {"_id": document.pop("id"), **document}
