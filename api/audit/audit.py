"""The rules of the hash chain: the canonical form of a row, how a batch is sealed, and which faults a chain has.

A batch seals the rows of a range of sequence numbers: it holds each row's SHA-256 and the hash of the batch before,
and its own hash covers all of that. Whoever changes, removes or inserts a sealed row has to change every later batch,
and that shows against a head that was kept elsewhere. The rows of the last seconds, which are not sealed yet, are not
protected; a report says how many they are.
"""

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

GENESIS = "0" * 64
"""The hash that the first batch names as its predecessor's."""
MOST_ROWS = 200
"""Of one batch."""
PAUSE = timedelta(seconds=5)
"""The pause between two batches."""
COVERED = ("_id", "seq", "v", "actor", "act", "subject", "at")
Row = Mapping[str, Any]


@dataclass(frozen=True)
class Head:
    """The last batch of a chain and its hash; `batch` 0 and GENESIS if the chain is empty.

    A copy that is kept outside the store proves that nothing before it was changed.
    """

    batch: int = 0
    seq: int = 0
    hash: str = GENESIS


@dataclass(frozen=True)
class Batch:
    """A sealed batch: the numbers of its first and last row, the digests of its rows, the previous hash, its own."""

    batch: int
    first: int
    last: int
    rows: tuple[str, ...]
    previous: str
    at: datetime
    hash: str = ""

    @property
    def head(self) -> Head:
        """The head of a chain that ends with this batch."""
        return Head(self.batch, self.last, self.hash)

    def expected_hash(self) -> str:
        """The hash that this batch must have."""
        content = asdict(self)
        del content["hash"]
        return hashlib.sha256(canonical(content)).hexdigest()


@dataclass(frozen=True)
class ChainFault:
    """A fault of the chain: the number of the batch, the `seq` of the row if it is about one, and what is wrong."""

    kind: str
    batch: int
    seq: int | None
    words: str


def canonical(value: Mapping[str, Any]) -> bytes:
    """The canonical JSON of a value: sorted keys, no blanks, UTF-8, times in UTC (after RFC 8785)."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=_text).encode()


def digest(row: Row) -> str:
    """The SHA-256 of a row: of the known fields and of any others that it has."""
    others = {key: value for key, value in row.items() if key not in COVERED}
    return hashlib.sha256(canonical({key: row.get(key) for key in COVERED} | {"more": others})).hexdigest()


def seal(head: Head, rows: Sequence[Row], at: datetime) -> Batch:
    """Seal rows into the batch that follows `head`; they must have the sequence numbers after it (see `numbered`)."""
    digests = tuple(digest(row) for row in rows)
    open_batch = Batch(head.batch + 1, head.seq + 1, head.seq + len(rows), digests, head.hash, at)
    return replace(open_batch, hash=open_batch.expected_hash())


def numbered(head: Head, rows: Iterable[Row]) -> list[dict[str, Any]]:
    """The rows with the sequence numbers that follow `head`."""
    return [{**row, "seq": seq} for seq, row in enumerate(rows, head.seq + 1)]


def faults_of_batch(head: Head, batch: Batch, rows: Sequence[Row]) -> list[ChainFault]:
    """The faults of a batch that should follow `head`, and of the rows in its range."""
    faults: list[ChainFault] = []

    def add(kind: str, seq: int | None, words: str) -> None:
        faults.append(ChainFault(kind, batch.batch, seq, words))

    if batch.batch != head.batch + 1:
        add("batch_missing", None, f"after batch {head.batch} comes batch {batch.batch}")
    elif batch.previous != head.hash or batch.first != head.seq + 1:
        add("batch_unlinked", None, "it does not follow the batch before it")
    if batch.hash != batch.expected_hash() or len(batch.rows) != batch.last - batch.first + 1:
        add("batch_edited", None, "its hash is not that of what it holds")
    sealed = dict(enumerate(batch.rows, batch.first))
    times = Counter(row["seq"] for row in rows)
    for seq in sealed.keys() - times.keys():
        add("row_removed", seq, "the row was sealed and is not there")
    for seq, count in times.items():
        if count > 1:
            add("row_inserted", seq, "two rows bear this number")
    for row in rows:
        if times[row["seq"]] == 1 and digest(row) != sealed.get(row["seq"]):
            add("row_edited", row["seq"], "the row is not what was sealed")
    return sorted(faults, key=lambda fault: (fault.seq or 0, fault.kind))


def _text(value: object) -> str:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="milliseconds")
    raise TypeError(f"no canonical form for {type(value).__name__}")
