"""Who may call which route: every route is called as every actor, against a table written by hand."""

import csv
from pathlib import Path

import pytest

from tests.access.calls import CALLS
from tests.access.world import ACTORS
from tests.way import ID_NUMBER

TABLE = Path(__file__).with_name("matrix.csv")
with TABLE.open(encoding="utf-8", newline="") as file:
    ROWS = {(row["method"], row["path"]): {actor: row[actor] for actor in ACTORS} for row in csv.DictReader(file)}

GAPS: dict[tuple[str, str, str], str] = {}
"""(method, path, actor) -> why the table is not met yet. A gap that is closed must be struck out here."""

SECRETS = (ID_NUMBER, "西一路100号", "13800138000")
SECRETS_OF_OWNER = ("138****8000", "在吗？")


def routes(app):
    """Every (method, path) that is served; HEAD and OPTIONS where they are not Flask's own."""
    found = {}
    for rule in app.url_map.iter_rules():
        own = rule.methods - {"HEAD", "OPTIONS"} or rule.methods - ({"OPTIONS"} if "HEAD" in rule.methods else set())
        found |= {(method, rule.rule): app.view_functions[rule.endpoint] for method in own}
    return found


def test_every_route_declares_who_may_call_it(shared_app):
    assert [key for key, view in routes(shared_app).items() if not getattr(view, "allowed", None)] == []


def test_the_table_names_every_route_and_no_other(shared_app):
    served = set(routes(shared_app))
    lacking = [f"{method} {rule}: give it a row in tests/access/matrix.csv" for method, rule in served - set(ROWS)]
    over = [
        f"{method} {rule} is in the table and not served: see blueprints in api/office.py"
        for method, rule in set(ROWS) - served
    ]
    assert not lacking + over, "\n".join(sorted(lacking + over))


def test_each_declared_role_is_one_that_the_matrix_knows(shared_app):
    known = {"anyone", "citizen", "staff", "newcomer", "window", "handler", "head", "supervisor", "admin"}
    assert {role for view in routes(shared_app).values() for role in view.allowed} <= known


@pytest.mark.parametrize("key", ROWS, ids=lambda key: " ".join(key))
def test_a_route_lets_in_whom_it_must_and_nobody_else(world, key):
    wrong = {}
    for actor in ACTORS:
        answer = world.ask(actor, *key)
        met = str(answer.status_code) in ROWS[key][actor].split("|")
        if met == ((*key, actor) in GAPS):
            how = (
                ""
                if key in CALLS or answer.status_code not in (400, 422, 428)
                else "; if it needs a body or ids, say so in tests/access/calls/, file of its room"
            )
            wrong[actor] = f"{answer.status_code}, must be {ROWS[key][actor]}: {answer.text[:150]}{how}"
        if actor in {"anyone", "other", "newcomer"} and "/content" not in key[1]:
            told = [secret for secret in (*SECRETS, *SECRETS_OF_OWNER) if secret.encode() in answer.data]
            assert not told, f"{actor} was told {told}"
        answer.close()
    assert wrong == {}
