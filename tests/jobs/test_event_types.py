"""Events: each type is listed once, announced somewhere, refused when misspelt, and read under its former name too."""

import ast
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest

from api.jobs.event_types import EVENT_TYPES, FORMER_NAMES, UnknownEventType
from api.jobs.store import INDEXES, JobStore
from tests.jobs.crew import OpenJobs

ROOT = Path(__file__).parents[2]
PACKAGES = ("api", "chat", "notifications")


def announced() -> Iterator[tuple[str, set[str]]]:
    """Every call of `announce` in the tree: where it stands, and the types that it may announce."""
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            if "node_modules" in path.parts:
                continue
            where = path.relative_to(ROOT)
            module = ".".join(where.with_suffix("").parts)
            for node in ast.walk(ast.parse(path.read_text("utf-8"))):
                if isinstance(node, ast.Call) and _name(node.func).lstrip("_") == "announce":
                    yield f"{where}:{node.lineno}", types_of(node.args[1], module)


def types_of(node: ast.expr, module: str) -> set[str]:
    """What the second argument may be: a literal, a value of a table of the room, or a transition of the chat."""
    if isinstance(node, ast.Constant):
        return {node.value}
    if isinstance(node, ast.Subscript):
        table = eval(ast.unparse(node.value), vars(import_module(module)))
        return {table[node.slice.value]} if isinstance(node.slice, ast.Constant) else set(table.values())
    assert ast.unparse(node) == "f'conversation.{transition.event}'", f"{module}: cannot follow {ast.unparse(node)}"
    return {f"conversation.{event}" for event in transitions_of_the_chat()}


def transitions_of_the_chat() -> set[str]:
    """Every `event` that a Transition of the chat is made with."""
    events = set()
    for path in (ROOT / "chat").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if not isinstance(node, ast.Call):
                continue
            given = [keyword.value for keyword in node.keywords if keyword.arg == "event"]
            given += node.args[1:2] if _name(node.func) in {"Transition", "announced"} else []
            events |= {event.value for event in given if isinstance(event, ast.Constant)}
    return events


def _name(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")


def test_every_type_that_is_announced_is_listed():
    calls = dict(announced())
    assert len(calls) > 10
    assert {where: types - EVENT_TYPES for where, types in calls.items() if types - EVENT_TYPES} == {}


def test_every_listed_type_is_announced_somewhere():
    assert EVENT_TYPES - set().union(*(types for _, types in announced())) == set()


def test_a_misspelt_type_is_refused_in_words_and_nothing_is_written(database, clock):
    database.ensure(INDEXES)
    jobs = OpenJobs(JobStore(database), clock)
    with pytest.raises(UnknownEventType, match=r"case\.submited .*event_types\.py"):
        database.transact(lambda session: jobs.announce(session, "case.submited", "1"))
    assert database["events"].count_documents({}) == 0


def test_former_names_lead_to_listed_types_and_are_not_listed_themselves():
    assert set(FORMER_NAMES.values()) <= EVENT_TYPES
    assert not set(FORMER_NAMES) & EVENT_TYPES


def test_what_is_reacted_on_is_listed(app):
    assert set(app.extensions["circle"].reactions) <= EVENT_TYPES


@pytest.mark.parametrize(("former", "today"), FORMER_NAMES.items())
def test_a_row_under_a_former_name_is_reacted_on_once(database, clock, former, today):
    database.ensure(INDEXES)
    store = JobStore(database)
    jobs, seen = OpenJobs(store, clock), []
    jobs.reactions = {today: (("first", lambda event: seen.append("first")), ("a", lambda event: seen.append(event)))}
    database.transact(lambda session: jobs.announce(session, today, "subject", n=1))
    # As an earlier release left it: one of its reactions has run.
    database["events"].update_one({}, {"$set": {"type": former, "done": ["first"]}})
    assert jobs.dispatch(clock())
    assert not jobs.dispatch(clock())
    assert [(event.type, event.subject, event.data) for event in seen] == [(today, "subject", {"n": 1})]
    row = database["events"].find_one()
    assert (row["type"], row["state"], sorted(row["done"])) == (former, "done", ["a", "first"])


def test_no_event_has_one_reaction_twice(app):
    for event, reactions in app.extensions["circle"].reactions.items():
        names = [name for name, _ in reactions]
        assert len(names) == len(set(names)), (event, names)
