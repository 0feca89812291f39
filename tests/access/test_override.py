"""Every PATCH, PUT and DELETE of the matrix, sent as POST with X-HTTP-Method-Override, is that very operation."""

import pytest

from tests.access.test_matrix import ROWS
from tests.access.world import ACTORS

OVERRIDDEN = [key for key in ROWS if key[0] in {"PATCH", "PUT", "DELETE"}]


def outcome(answer):
    """What a caller may rely on: the status, the code of a refusal, and which headers are there."""
    code = (answer.get_json() or {}).get("code") if answer.status_code >= 400 else None
    headers = sorted(name for name, _ in answer.headers if name != "Content-Length")
    return answer.status_code, code, headers


@pytest.mark.parametrize("key", OVERRIDDEN, ids=lambda key: " ".join(key))
def test_a_post_that_stands_for_another_method_is_answered_as_that_method(world, key):
    wrong = {}
    for actor in ACTORS:
        direct, by_post = outcome(world.ask(actor, *key)), outcome(world.ask_by_post(actor, *key))
        if direct != by_post or str(by_post[0]) not in ROWS[key][actor].split("|"):
            wrong[actor] = (direct, by_post)
    assert wrong == {}


def test_every_method_that_may_be_overridden_into_is_tried():
    assert {method for method, _ in OVERRIDDEN} == {"PATCH", "DELETE"}  # no route of ours has PUT
