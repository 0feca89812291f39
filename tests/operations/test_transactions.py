"""The one transaction helper: what is run again, and what must not be."""

from typing import Any

import pytest
from pymongo.client_session import ClientSession
from pymongo.errors import AutoReconnect, OperationFailure

from api.storage.database import NO_SUCH_TRANSACTION, UNAVAILABLE, Database, OutcomeUnknown

Commit = Any


def labelled(error: Any, label: str) -> Any:
    error._add_error_label(label)
    return error


@pytest.fixture
def runs(database: Database) -> Any:
    """A piece of work that notes each run."""

    def work(session: ClientSession) -> int:
        database["things"].insert_one({"_id": "one"}, session=session)
        work.runs += 1  # type: ignore[attr-defined]
        return 42

    work.runs = 0  # type: ignore[attr-defined]
    return work


def commits(monkeypatch: pytest.MonkeyPatch, *acts: Any) -> None:
    """The first commits: 'lost' commits but its answer never comes; an error is raised instead of committing."""
    genuine, left = ClientSession.commit_transaction, list(acts)

    def commit(self: ClientSession) -> None:
        act = left.pop(0) if left else None
        if act == "lost":
            genuine(self)
            raise labelled(OperationFailure("gone", NO_SUCH_TRANSACTION), "TransientTransactionError")
        if act is not None:
            raise act
        genuine(self)

    monkeypatch.setattr(ClientSession, "commit_transaction", commit)


def test_a_commit_whose_answer_was_lost_is_not_done_twice(
    database: Database, runs: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    commits(monkeypatch, "lost")
    with pytest.raises(OutcomeUnknown):
        database.transact(runs)
    assert (runs.runs, database["things"].count_documents({})) == (1, 1)
    assert issubclass(OutcomeUnknown, UNAVAILABLE)


def test_a_commit_of_unknown_outcome_is_asked_again(
    database: Database, runs: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    commits(monkeypatch, labelled(AutoReconnect("broken"), "UnknownTransactionCommitResult"))
    assert database.transact(runs) == 42
    assert (runs.runs, database["things"].count_documents({})) == (1, 1)


def test_a_transient_error_runs_all_of_it_again(database: Database, runs: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    commits(monkeypatch, labelled(OperationFailure("conflict", 112), "TransientTransactionError"))
    assert database.transact(runs) == 42
    assert (runs.runs, database["things"].count_documents({})) == (2, 1)


def test_a_refusal_leaves_nothing(database: Database) -> None:
    def work(session: ClientSession) -> None:
        database["things"].insert_one({"_id": "one"}, session=session)
        raise LookupError

    with pytest.raises(LookupError):
        database.transact(work)
    assert database["things"].count_documents({}) == 0


def test_what_is_done_again_sees_what_another_did_meanwhile(database: Database) -> None:
    database["things"].insert_one({"_id": "n", "n": 0})
    first = iter([True])

    def work(session: ClientSession) -> None:
        seen = database["things"].find_one({"_id": "n"}, session=session)
        if next(first, False):
            database["things"].update_one({"_id": "n"}, {"$inc": {"n": 10}})
        assert seen
        database["things"].update_one({"_id": "n"}, {"$set": {"n": seen["n"] + 1}}, session=session)

    database.transact(work)
    assert database["things"].find_one({"_id": "n"}) == {"_id": "n", "n": 11}
