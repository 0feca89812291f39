"""Taking a row without `findAndModify`: one wins, a change that was sent twice counts once; and a page of a list."""

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from api.storage.database import TAKEN_AS, UNAVAILABLE, Contended, Database

NOW = datetime(2026, 11, 24, 2, tzinfo=UTC)
FREE = {"_id": "one", "used": False}
USE = {"$set": {"used": True}, "$inc": {"n": 1}}


def at_once(times: int, work: Callable[[], Any]) -> list[Any]:
    """What `work` returned, run by so many threads that begin together."""
    begin, results = threading.Barrier(times), []

    def run() -> None:
        begin.wait()
        results.append(work())

    threads = [threading.Thread(target=run) for _ in range(times)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def plain(row: Any) -> Any:
    """A row without the token of who took it."""
    return row and {key: value for key, value in row.items() if key != TAKEN_AS}


@pytest.fixture
def sent_twice(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every update outside of a transaction is sent twice: the first answer is lost."""
    collection = type(database["things"])
    genuine = collection.update_one

    def twice(self: Any, wanted: Any, change: Any, *args: Any, session: Any = None, **rest: Any) -> Any:
        if session is None:
            genuine(self, wanted, change, *args, **rest)
        return genuine(self, wanted, change, *args, session=session, **rest)

    monkeypatch.setattr(collection, "update_one", twice)


def test_a_taken_row_is_returned_as_it_is_then_or_was_before(database: Database) -> None:
    database["things"].insert_one({**FREE, "n": 0})
    assert plain(database.take("things", FREE, USE)) == {"_id": "one", "used": True, "n": 1}
    assert plain(database.take_before("things", {"_id": "one", "used": True}, USE)) == {**FREE, "used": True, "n": 1}
    assert database.take("things", FREE, USE) is None
    assert database.take_before("things", {"_id": "two"}, USE) is None


def test_the_first_in_order_is_taken_first(database: Database) -> None:
    database["things"].insert_many([{"_id": n, "free": True, "at": -n} for n in range(3)])
    taken = [database.take("things", {"free": True}, {"$set": {"free": False}}, sort=[("at", 1)]) for _ in range(4)]
    assert [row and row["_id"] for row in taken] == [2, 1, 0, None]


def test_of_eight_who_want_one_row_one_gets_it(database: Database) -> None:
    for n in range(10):
        database["things"].insert_one({"_id": n, "used": False, "n": 0})
        taken = at_once(8, lambda n=n: database.take("things", {"_id": n, "used": False}, USE))
        assert sorted(row is not None for row in taken) == [False] * 7 + [True]
    assert {row["n"] for row in database["things"].find()} == {1}


def test_of_eight_who_want_any_row_each_gets_another(database: Database) -> None:
    database["things"].insert_many([{"_id": n, "free": True} for n in range(8)])
    taken = at_once(8, lambda: database.take("things", {"free": True}, {"$set": {"free": False}}))
    assert sorted(row["_id"] for row in taken) == list(range(8))


def test_eight_who_count_at_once_are_each_told_another_number(database: Database) -> None:
    def count() -> Any:
        before = database.take_or_add("things", {"_id": "one", "n": 1}, {"$inc": {"n": 1}})
        return before["n"] + 1 if before else 1

    assert sorted(at_once(8, count)) == list(range(1, 9))


@pytest.mark.usefixtures("sent_twice")
def test_a_change_that_was_sent_twice_counts_once_and_is_no_loss(database: Database) -> None:
    database["things"].insert_one({**FREE, "n": 0})
    assert plain(database.take("things", FREE, USE)) == {"_id": "one", "used": True, "n": 1}
    assert database.take("things", FREE, USE) is None
    for n in range(3):
        before = database.take_or_add("things", {"_id": "two", "n": 1}, {"$inc": {"n": 1}})
        assert (before["n"] if before else 0) == n


def test_a_row_is_added_once_though_it_was_sent_twice(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    collection = type(database["things"])
    genuine = collection.insert_one

    def twice(self: Any, row: Any, **rest: Any) -> Any:
        genuine(self, row)
        return genuine(self, row, **rest)

    monkeypatch.setattr(collection, "insert_one", twice)
    assert database.add("things", {"_id": "one"})
    assert not database.add("things", {"_id": "one"})


def test_a_row_is_taken_in_a_transaction_or_not_at_all(database: Database) -> None:
    database["things"].insert_one({**FREE, "n": 0})

    def refused(session: Any) -> None:
        assert plain(database.take("things", FREE, USE, session=session)) == {"_id": "one", "used": True, "n": 1}
        raise LookupError

    with pytest.raises(LookupError):
        database.transact(refused)
    assert plain(database["things"].find_one()) == {**FREE, "n": 0}
    taken = at_once(4, lambda: database.transact(lambda session: database.take("things", FREE, USE, session=session)))
    assert sum(row is not None for row in taken) == 1


def test_who_never_gets_a_row_is_told_to_come_again(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    database["things"].insert_one({**FREE, "n": 0})
    collection = type(database["things"])
    genuine = collection.update_one

    def outrun(self: Any, wanted: Any, change: Any, **rest: Any) -> Any:
        genuine(self, {"_id": "one"}, {"$set": {TAKEN_AS: "another"}, "$inc": {"n": 1}})
        return genuine(self, {**wanted, TAKEN_AS: "older"}, change, **rest)

    monkeypatch.setattr(collection, "update_one", outrun)
    monkeypatch.setattr("api.storage.database.MOST_TRIES", 5)
    with pytest.raises(Contended) as contended:
        database.take("things", FREE, USE)
    assert isinstance(contended.value, UNAVAILABLE)


def test_a_lease_is_given_once_and_again_when_it_is_over(database: Database) -> None:
    database["things"].insert_many([{"_id": n, **database.leasable(NOW - timedelta(minutes=n))} for n in range(2)])
    leased = at_once(4, lambda: database.claim("things", {}, NOW))
    assert sorted(row["_id"] for row in leased if row) == [0, 1]
    assert database.claim("things", {}, NOW) is None
    again = database.claim("things", {}, NOW + timedelta(seconds=61))
    assert again is not None
    assert (again["_id"], again["attempts"], again["lease"]["fence"]) == (1, 2, 2)


def test_a_page_goes_on_where_the_last_one_ended(database: Database) -> None:
    database["things"].insert_many([{"_id": str(n), "owner": "ab"[n % 2]} for n in range(10)])

    def ids(rows: Any) -> str:
        return "".join(row["_id"] for row in rows)

    assert ids(database.newest("things", {"owner": "a"}, None, 3)) == "864"
    assert ids(database.newest("things", {"owner": "a"}, "4", 3)) == "20"
    assert ids(database.oldest("things", {"owner": {"$in": ["b"]}}, None, 3)) == "135"
    assert ids(database.oldest("things", {"owner": "b"}, "5", 3)) == "79"


@pytest.mark.parametrize("wanted", [{}, {"_id": 3}, {"at": {"$gt": 3}}, {"owner": {"$ne": "a"}}])
def test_a_page_of_everything_is_refused(database: Database, wanted: Any) -> None:
    with pytest.raises(ValueError, match="equality"):
        database.newest("things", wanted, None, 3)
