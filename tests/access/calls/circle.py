"""How the routes of the circle room are called."""

from tests.access.calls.how import Call, Calls, World, body, query

SPOT = {"kind": "station", "name": "新站", "hours": "Mo-Fr 09:00-12:00", "street_code": "610102001"}


def _change_point(world: World, actor: str) -> Call:
    return {"json": {"windows": 12}, "headers": world.version("/v1/points/XC-H01")}


def _remove_point(world: World, actor: str) -> Call:
    added = world.second_admin.post("/v1/points", SPOT)
    return {"at": {"point_id": added["id"]}, "headers": world.version(f"/v1/points/{added['id']}")}


CALLS: Calls = {
    ("GET", "/v1/circle"): query("?lon=108.96&lat=34.27"),
    ("GET", "/v1/circle/isochrone"): query("?lon=108.96&lat=34.27"),
    ("GET", "/v1/circle/streets"): query("?bbox=108.95,34.26,108.97,34.28"),
    ("POST", "/v1/points"): body(**SPOT),
    ("PATCH", "/v1/points/<point_id>"): _change_point,
    ("DELETE", "/v1/points/<point_id>"): _remove_point,
}
