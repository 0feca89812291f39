"""How the routes of the calendar room are called."""

from tests.access.calls.how import Call, Calls, World, query


def _change_calendar(world: World, actor: str) -> Call:
    days = [{"date": "2026-12-31", "kind": "rest", "notice": "新政办发〔2026〕1号"}]
    return {"json": days, "headers": world.version("/v1/calendar?from=2026-12-01&to=2026-12-31")}


CALLS: Calls = {
    ("GET", "/v1/calendar"): query("?from=2026-11-01&to=2026-11-30"),
    ("GET", "/v1/calendar/hours"): query("?text=24/7&from=2026-11-23&to=2026-11-29"),
    ("PATCH", "/v1/calendar"): _change_calendar,
}
