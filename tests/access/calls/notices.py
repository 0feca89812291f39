"""How the routes of notices are called."""

from tests.access.calls.how import Calls, body

CALLS: Calls = {("POST", "/v1/notices/shown"): body(ids=["no-such-notice"])}
