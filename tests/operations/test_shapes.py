"""The look at every query of the suite: what it refuses, what it lets pass, and whom it names."""

from datetime import UTC, datetime
from typing import Any

import pytest

from api.identity.store import IdentityStore
from api.storage.database import Database, due_by
from tests.shapes import SHAPES, fault

NOW = datetime(2026, 11, 24, 2, tzinfo=UTC)
DUE = {"$lte": NOW}


def find(wanted: Any, sort: Any = None, collection: str = "uploads") -> str | None:
    return fault("find", {"find": collection, "filter": wanted, **({"sort": sort} if sort else {})})


def aggregate(*stages: Any) -> str | None:
    return fault("aggregate", {"aggregate": "uploads", "pipeline": list(stages)})


@pytest.mark.parametrize(
    ("why", "refused"),
    [
        ("findAndModify", fault("findAndModify", {"findAndModify": "sessions", "query": {"_id": 1}})),
        ("distinct", fault("distinct", {"distinct": "sessions", "key": "who"})),
        ("all rows", fault("count", {"count": "sessions"})),
        ("all rows", aggregate({"$group": {"_id": 1, "n": {"$sum": 1}}})),
        ("no index for size", aggregate({"$match": {"size": 3}})),
        ("all rows", find({})),
        ("$or", find({"$or": [{"owner": "a"}, {"_id": "b"}]})),
        ("a range of _id alone", find({"_id": {"$gt": "a"}})),
        ("a range of _id alone", find({"_id": {"$regex": "^a"}})),
        ("sort by _id", find({"_id": {"$gt": "a"}}, {"_id": 1})),
        ("sort by look_at", find({}, {"look_at": 1})),
        ("sort by look_at", find({"look_at": {"$lte": NOW}}, {"look_at": 1})),
        ("look_at without", find({"look_at": {"$lte": NOW}})),
        ("owner without", find({"owner": {"$ne": "a"}})),
        ("no index for size", find({"size": 3})),
        ("all rows of one state", find({"state": "a", "due_at": DUE, "lease.until": DUE}, collection="jobs")),
        ("range of _id alone", fault("delete", {"delete": "uploads", "deletes": [{"q": {"_id": {"$gte": "a"}}}]})),
        ("no index for size", fault("update", {"update": "uploads", "updates": [{"q": {"size": 3}, "u": {}}]})),
    ],
)
def test_what_grows_with_the_collection_is_refused(why: str, refused: str | None) -> None:
    assert refused is not None
    assert why in refused


@pytest.mark.parametrize(
    "passed",
    [
        find({"_id": "a"}),
        find({"_id": {"$in": ["a", "b"]}, "size": 3}, {"_id": 1}),
        find({"owner": "a", "_id": {"$lt": "b"}}, {"_id": -1}),
        find({"look_at": due_by(NOW)}, {"look_at": 1}),
        find({"look_at": {"$gt": NOW}}),
        find({"owner": None}),
        find({"state": "a", "due_at": DUE}, {"due_at": 1}, collection="jobs"),
        find({"subject": "a", "state": "b", "due_at": DUE, "lease.until": DUE}, collection="events"),
        find({}, collection="staff"),
        aggregate({"$match": {"owner": "a"}}, {"$group": {"_id": 1, "n": {"$sum": 1}}}),
        fault("update", {"update": "uploads", "updates": [{"q": {"_id": "a", "received": 3}, "u": {}}]}),
        fault("insert", {"insert": "uploads", "documents": [{}]}),
        fault("getMore", {"getMore": 1, "collection": "uploads"}),
    ],
)
def test_what_stays_flat_passes(passed: str | None) -> None:
    assert passed is None


def test_the_caller_is_named_and_a_look_of_a_test_does_not_count(database: Database) -> None:
    list(database["sessions"].find({}))
    assert SHAPES.taken() == []
    source = "def of_kind(store, kind):\n    return store._db['sessions'].find_one({'kind': kind})"
    as_if_in_the_store: dict[str, Any] = {}
    exec(compile(source, IdentityStore.citizen.__code__.co_filename, "exec"), as_if_in_the_store)
    as_if_in_the_store["of_kind"](IdentityStore(database), "staff")
    [refused] = SHAPES.taken()
    assert refused == "sessions: no index for kind, asked by api/identity/store.py:2 of_kind"
