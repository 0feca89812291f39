"""How the routes of the reports room are called."""

from tests.access.calls.how import Call, Calls, World, body


def _settle(world: World, actor: str) -> Call:
    made = world.actors["window"].post("/v1/reports", {"about": "point:XC-H01", "text": "电话不对"})
    return {"at": {"report_id": made["id"]}, "json": {"outcome": "corrected", "words": "已改正。"}}


CALLS: Calls = {
    ("POST", "/v1/reports"): body(about="point:XC-H01", text="门口搬了"),
    ("POST", "/v1/desk/reports/<report_id>/settlement"): _settle,
}
