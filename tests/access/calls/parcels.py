"""How the routes of the parcels room are called."""

from tests.access.calls.how import Call, Calls, World
from tests.way import issued


def _send_parcel(world: World, actor: str) -> Call:
    case = issued(world.owner, world.window, world.actors["handler"], world.drain) if actor == "window" else world.case
    return {"at": {"number": case["number"]}, "json": {"direction": "to_citizen", "carrier": "console"}}


def _confirm_parcel(world: World, actor: str) -> Call:
    parcel = world.parcel
    if actor == "owner":
        parcel = world.new_parcel(issued(world.owner, world.window, world.actors["handler"], world.drain))
    headers = world.version(f"/v1/parcels/{parcel['id']}")
    return {"at": {"parcel_id": parcel["id"]}, "json": {}, "headers": headers}


CALLS: Calls = {
    ("POST", "/v1/carriers/kuaidi100/<secret>"): lambda w, a: {"data": {"param": "{}", "sign": "x"}},
    ("POST", "/v1/cases/<number>/parcels"): _send_parcel,
    ("POST", "/v1/parcels/<parcel_id>/confirmation"): _confirm_parcel,
}
