"""How the routes of broken promises are called; the world has none, so that a supervisor finds none (404)."""

from tests.access.calls.how import Calls, body

CALLS: Calls = {
    ("POST", "/v1/desk/broken-promises/<promise_id>/lifting"): body(reason="已经补交了材料"),
}
