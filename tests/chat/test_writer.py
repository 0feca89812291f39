"""The group commit against a store that fails in every way a store can, under several writers at once."""

import random
import threading
import time
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from uuid import uuid4

import pytest

from chat.live import writer as writers
from chat.live.writer import MessageWriter, key_of
from chat.refusals import Unavailable
from chat.talk.conversation import Conversation, Participant
from chat.talk.store import Unsettled

NOW = datetime(2026, 11, 24, 2, 0, tzinfo=UTC)
ME = Participant("me", "citizen", "张三")
TALK = Conversation("c", 1, ME, "XC-H01", "queued", NOW, NOW)


def row(text: str, conversation: str = "c", sender: str = "me", stream: str = "public", client_id: str | None = None):
    return {
        "_id": uuid4().hex,
        "conversation": conversation,
        "stream": stream,
        "client_id": client_id or uuid4().hex,
        "sender": {"id": sender},
        "text": text,
    }


class Shelf:
    """Messages with the two unique indexes, which can be told to fail."""

    def __init__(self, trouble: float = 0.0, seed: int = 0) -> None:
        self.rows: list[dict] = []
        self.batches: list[int] = []
        self.trouble = trouble
        self.down = False
        self.gate = threading.Event()
        self.gate.set()
        self._random = random.Random(seed)
        self._lock = threading.RLock()

    def append(self, rows, *, ordered):
        self.gate.wait()
        with self._lock:
            self._fail("before")
            self.batches.append(len(rows))
            failed = False
            for one in rows:
                if self._random.random() < self.trouble / 4:
                    raise Unsettled  # died in the middle
                taken = any(
                    (r["conversation"], r["stream"], r["seq"]) == (one["conversation"], one["stream"], one["seq"])
                    or key_of(r) == key_of(one)
                    for r in self.rows
                )
                if taken:
                    failed = True
                    if ordered:
                        break
                    continue
                self.rows.append(dict(one))
            if failed:
                raise Unsettled
            self._fail("after")

    def stored(self, client_ids):
        with self._lock:
            self._fail("look up")
            wanted = set(client_ids)
            return [dict(r) for r in self.rows if r["client_id"] in wanted]

    def last_known(self, conversation, stream):
        with self._lock:
            self._fail("last")
            return max(
                (r["seq"] for r in self.rows if (r["conversation"], r["stream"]) == (conversation, stream)), default=0
            )

    def _fail(self, moment: str) -> None:
        if self.down or self._random.random() < self.trouble:
            raise Unsettled(moment)


def in_order(rows) -> dict[tuple[str, str], list[dict]]:
    streams = defaultdict(list)
    for one in rows:
        streams[one["conversation"], one["stream"]].append(one)
    for stream, found in streams.items():
        assert [one["seq"] for one in found] == list(range(1, len(found) + 1)), (
            f"{stream} has gaps or came out of order"
        )
    return streams


@pytest.fixture
def writing():
    """Make writers that are closed at the end."""
    made = []

    def make(shelf, committed=lambda entries: None):
        made.append(MessageWriter(shelf, committed))
        return made[-1]

    yield make
    for one in made:
        one.close()


def test_a_message_is_answered_with_its_number_and_told_only_after_it_is_stored(writing):
    shelf, told = Shelf(), []
    writer = writing(shelf, lambda entries: told.extend((e.row["seq"], len(shelf.rows)) for e in entries))
    assert [writer.post(row(text), TALK, ME)["seq"] for text in "abc"] == [1, 2, 3]
    assert told == [(1, 1), (2, 2), (3, 3)]


def test_what_waits_together_is_written_together(writing):
    shelf = Shelf()
    writer = writing(shelf)
    shelf.gate.clear()
    threads = [threading.Thread(target=writer.post, args=(row(str(n)), TALK, ME)) for n in range(30)]
    for thread in threads:
        thread.start()
    end = time.monotonic() + 5
    while writer._queue.qsize() < 20 and time.monotonic() < end:
        time.sleep(0.01)  # a busy machine starts them one by one
    shelf.gate.set()
    for thread in threads:
        thread.join()
    assert sum(shelf.batches) == 30
    assert len(shelf.batches) < 10
    in_order(shelf.rows)


def test_a_repeat_gets_the_first_number_from_memory_from_the_batch_or_from_the_store(writing):
    shelf = Shelf()
    first, second = writing(shelf), writing(shelf)
    once = row("once")
    assert first.post(dict(once), TALK, ME)["seq"] == 1
    assert first.post({**once, "_id": "again"}, TALK, ME)["seq"] == 1
    assert second.post({**once, "_id": "elsewhere"}, TALK, ME)["_id"] == once["_id"]
    shelf.gate.clear()
    twin, numbers = row("twin"), []
    threads = [
        threading.Thread(target=lambda: numbers.append(first.post(dict(twin), TALK, ME)["seq"])) for _ in range(5)
    ]
    for thread in threads:
        thread.start()
    shelf.gate.set()
    for thread in threads:
        thread.join()
    assert set(numbers) == {2}
    assert len(shelf.rows) == 2


def test_two_people_may_use_the_same_client_id(writing):
    writer = writing(Shelf())
    assert [writer.post(row("x", sender=who, client_id="same"), TALK, ME)["seq"] for who in ("me", "you")] == [1, 2]


def test_another_process_took_the_number_and_the_next_one_is_given(writing):
    shelf = Shelf()
    mine, other = writing(shelf), writing(shelf)
    assert [w.post(row("x"), TALK, ME)["seq"] for w in (mine, other, mine, mine, other)] == [1, 2, 3, 4, 5]


def test_a_repeat_in_the_middle_of_a_batch_leaves_no_hole(writing):
    shelf = Shelf()
    mine, other = writing(shelf), writing(shelf)
    once = row("once")
    other.post(dict(once), TALK, ME)
    shelf.gate.clear()
    with ThreadPoolExecutor(4) as pool:
        jobs = [
            pool.submit(mine.post, one, TALK, ME)
            for one in (row("first"), {**once, "_id": "again"}, row("a"), row("b"))
        ]
        shelf.gate.set()
        numbers = [job.result()["seq"] for job in jobs]
    assert (numbers[1], sorted(numbers)) == (1, [1, 2, 3, 4])
    in_order(shelf.rows)


def test_streams_and_conversations_are_numbered_on_their_own(writing):
    writer = writing(Shelf())
    posts = [row("a"), row("b", stream="staff"), row("c", conversation="d"), row("d")]
    assert [writer.post(one, TALK, ME)["seq"] for one in posts] == [1, 1, 1, 2]


def test_an_unknown_outcome_is_told_as_such_and_the_retry_finds_the_truth(writing, monkeypatch):
    monkeypatch.setattr(writers, "DEADLINE_SECONDS", 0.05)
    shelf = Shelf()
    writer = writing(shelf)
    lost = row("lost")
    shelf.down = True
    with pytest.raises(Unavailable):
        writer.post(dict(lost), TALK, ME)
    shelf.down = False
    assert writer.post(dict(lost), TALK, ME)["seq"] == 1
    assert writer.post(row("next"), TALK, ME)["seq"] == 2
    in_order(shelf.rows)


def test_a_failing_emit_takes_no_acknowledgement_away(writing):
    def broken(entries):
        raise RuntimeError("nobody hears")

    assert writing(Shelf(), broken).post(row("x"), TALK, ME)["seq"] == 1


def test_what_an_act_wrote_is_numbered_after(writing):
    shelf = Shelf()
    writer = writing(shelf)
    writer.post(row("a"), TALK, ME)
    shelf.rows.append({**row("event", sender="system"), "seq": 2})
    writer.number_after([shelf.rows[-1]])
    assert writer.post(row("b"), TALK, ME)["seq"] == 3
    assert shelf.batches == [1, 1]


@pytest.mark.parametrize("seed", range(6))
def test_nothing_is_lost_doubled_or_reordered_under_three_writers_and_a_store_that_fails_one_time_in_five(
    writing, seed
):
    shelf = Shelf(trouble=0.2, seed=seed)
    writers_ = [writing(shelf) for _ in range(3)]
    acknowledged: dict[str, list[tuple[str, int]]] = defaultdict(list)

    def talk(sender: str, dice: random.Random) -> None:
        for n in range(25):
            post = row(f"{n}", conversation=dice.choice("cd"), sender=sender)
            while True:
                try:
                    stored = dice.choice(writers_).post(dict(post), TALK, ME)
                    break
                except Unavailable:
                    continue
            acknowledged[sender].append((stored["conversation"], stored["seq"]))

    threads = [threading.Thread(target=talk, args=(f"s{n}", random.Random(seed * 10 + n))) for n in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    streams = in_order(shelf.rows)
    assert len(shelf.rows) == 6 * 25 == len({key_of(one) for one in shelf.rows})
    for sender, acks in acknowledged.items():
        for conversation in "cd":
            mine = [seq for where, seq in acks if where == conversation]
            assert mine == sorted(mine)
            assert mine == [o["seq"] for o in streams[conversation, "public"] if o["sender"]["id"] == sender]
