"""Fails a test whose code sends a query whose cost grows with the collection, and names the caller.

Every command that pymongo sends is looked at, in the thread that sends it; only what our own code asks for counts, not
what a test looks up. A store names the collections that stay small as SMALL, and the functions that are meant to read
everything as WHOLE, each with the reason.
"""

import sys
from collections.abc import Iterator, Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from pymongo import monitoring

from api.storage.database import narrows

ROOT = Path(__file__).resolve().parents[1]
ROOMS = ("api", "chat", "notifications")
OURS = tuple(f"{ROOT / room}/" for room in ROOMS)
STORAGE, TESTS = f"{ROOT / 'api' / 'storage'}/", f"{ROOT / 'tests'}/"
FILES = sorted(path.relative_to(ROOT) for room in ROOMS for path in (ROOT / room).rglob("store.py"))
MODULES = [import_module(".".join(path.with_suffix("").parts)) for path in FILES]

SMALL = {name for module in MODULES for name in getattr(module, "SMALL", ())} | {
    *("health", "catalogue", "circle", "system.users")
}
"""The last four hold a row or two each."""
WHOLE = {(module.__file__, name) for module in MODULES for name in getattr(module, "WHOLE", ())}
FIRST: dict[str, set[str]] = {}
"""By collection, the fields that an index begins with."""
PAIRS: dict[str, set[tuple[str, str]]] = {}
"""By collection, the first two fields of its indexes."""
for _collection, _keys, _options in (index for module in MODULES for index in getattr(module, "INDEXES", ())):
    FIRST.setdefault(_collection, set()).add(_keys[0][0])
    if len(_keys) > 1:
        PAIRS.setdefault(_collection, set()).add((_keys[0][0], _keys[1][0]))


def fault(name: str, command: Mapping[str, Any]) -> str | None:
    """Why the cost of this command grows with the rows of its collection, in words; None if it does not."""
    collection = command.get(name)
    if not isinstance(collection, str) or collection in SMALL:
        return None
    if name in ("findAndModify", "distinct"):
        return name
    if name == "find":
        return _fault(collection, command.get("filter", {}), command.get("sort"))
    if name == "count":
        return _fault(collection, command.get("query", {}), None)
    if name == "aggregate":
        stages = command["pipeline"]
        sort = next((stage["$sort"] for stage in stages if "$sort" in stage), None)
        return _fault(collection, stages[0].get("$match", {}) if stages else {}, sort)
    writes = [write["q"] for write in (*command.get("updates", ()), *command.get("deletes", ()))]
    return next(filter(None, (_fault(collection, q, None) for q in writes)), None)


def _fault(collection: str, wanted: Mapping[str, Any], sort: Mapping[str, int] | None) -> str | None:
    if "$or" in wanted:
        return "$or"
    _id = wanted.get("_id")
    by_id = "_id" in wanted and (not isinstance(_id, dict) or "$in" in _id)
    indexed = {field: value for field, value in wanted.items() if field in FIRST.get(collection, ())}
    if by_id:
        return None
    ranges = [field for field, value in wanted.items() if _is_operator(value)]
    read_by = next(iter(indexed), None)  # where no index has all, the first condition that has one decides what is read
    for field, second in PAIRS.get(collection, ()) if len(ranges) > 1 else ():
        if second in ranges and field == read_by and field not in ranges:
            others = ", ".join(other for other in ranges if other != second)
            return (
                f"all rows of one {field}: beside a condition on {others} the embedded store makes no use of {second}"
            )
    if any(narrows(value) for value in indexed.values()):
        return None
    if sort:
        return f"sort by {', '.join(sort)} without an equality"
    from_below = [value for value in indexed.values() if not value.keys().isdisjoint({"$gt", "$gte"})]
    if from_below:
        return None  # an open end upwards: what is older is not read
    if indexed:
        return f"{', '.join(indexed)} without an equality, or a range without its lower end"
    if "_id" in wanted:
        return "a range of _id alone"
    return f"no index for {', '.join(wanted)}" if wanted else "all rows"


def _is_operator(value: Any) -> bool:
    return isinstance(value, dict) and any(str(key).startswith("$") for key in value)


def caller() -> str | None:
    """The place in our code that sends the command: `file:line function`. None for a test's own query and for WHOLE."""
    frame = sys._getframe(1)
    found = None
    while frame := frame.f_back:  # type: ignore[assignment]
        code = frame.f_code
        if (code.co_filename, code.co_name) in WHOLE:
            return None
        if found is None and code.co_filename.startswith(TESTS) and code.co_filename != __file__:
            return None
        if found is None and code.co_filename.startswith(OURS) and not code.co_filename.startswith(STORAGE):
            found = f"{code.co_filename.removeprefix(f'{ROOT}/')}:{frame.f_lineno} {code.co_name}"
    return found


class Shapes(monitoring.CommandListener):
    """Collects the refused queries until the end of the test that caused them."""

    def __init__(self) -> None:
        self.refused: list[str] = []

    def started(self, event: monitoring.CommandStartedEvent) -> None:
        """Look at a command before it is sent."""
        why = fault(event.command_name, event.command)
        by = caller() if why else None
        if by:
            self.refused.append(f"{event.command[event.command_name]}: {why}, asked by {by}")

    def succeeded(self, event: monitoring.CommandSucceededEvent) -> None:
        """Do nothing: only what is sent counts."""

    def failed(self, event: monitoring.CommandFailedEvent) -> None:
        """Do nothing: only what is sent counts."""

    def taken(self) -> Sequence[str]:
        """The queries refused since the last call, each once."""
        refused, self.refused = self.refused, []
        return sorted(set(refused))


SHAPES = Shapes()
monitoring.register(SHAPES)


@pytest.fixture(autouse=True)
def flat_queries() -> Iterator[None]:
    """Fail the test if a query of our code costs more the more rows there are."""
    yield
    refused = SHAPES.taken()
    assert not refused, "queries whose cost grows with the collection (see tests/shapes.py):\n" + "\n".join(refused)
