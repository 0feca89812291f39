"""How the routes of the chat are called."""

from uuid import uuid4

from tests.access.calls.how import Call, Calls, World, body, query


def _closing(world: World, actor: str) -> Call:
    talk = world.new_conversation()
    return {"at": {"conversation": talk["id"]}, "json": {}, "headers": {"If-Match": f'"{talk["version"]}"'}}


def _rating(world: World, actor: str) -> Call:
    return {**_reopening(world, actor), "json": {"score": 5}}


def _tie(world: World, actor: str) -> Call:
    path = f"/v1/conversations/{world.conversation['id']}"
    return {"json": {"case": world.case["number"]}, "headers": world.version(path)}


def _reply(world: World, actor: str) -> Call:
    made = world.window.post("/v1/canned-replies", {"title": "材料", "text": "请带身份证。"})
    return {"at": {"reply": made["id"]}, "json": {"text": "请带身份证原件。"}, "headers": {"If-Match": '"1"'}}


def _to_block(world: World, actor: str) -> Call:
    """Block in a conversation that the window's officer holds, with somebody new whom nobody has blocked."""
    chat, officer = world.office.chat, world.office.identity.actor(world.window.token)
    talk = world.citizen().post("/v1/conversations", {"point": "XC-H01"})
    chat.handling.claim(officer, talk["id"])
    if world.blocked:
        chat.handling.end(officer, world.blocked, None)
    world.blocked = talk["id"]
    return {"at": {"conversation": talk["id"]}, "json": {"hours": 2, "reason": "多次辱骂工作人员"}}


def _to_lift(world: World, actor: str) -> Call:
    wanted = _to_block(world, actor)
    path = world.path("/v1/conversations/<conversation>/block", wanted["at"])
    return {"at": {"block_id": world.window.post(path, wanted["json"])["id"]}}


def _leaving(world: World, actor: str) -> Call:
    talk = world.owner.post("/v1/conversations", {"point": "XC-H01"})
    return {"at": {"conversation": talk["id"]}, "headers": {"If-Match": f'"{talk["version"]}"'}}


def _reopening(world: World, actor: str) -> Call:
    talk = world.new_conversation()
    path = f"/v1/conversations/{talk['id']}"
    world.owner.post(f"{path}/closing", {}, expect=200, headers=world.version(path))
    return {"at": {"conversation": talk["id"]}, "headers": world.version(path)}


CALLS: Calls = {
    ("POST", "/v1/conversations"): body(point="XC-H01", text="在吗？"),
    ("POST", "/v1/conversations/<conversation>/messages"): lambda w, a: {
        "json": {"client_id": str(uuid4()), "kind": "text", "text": "您好"}
    },
    ("POST", "/v1/conversations/<conversation>/closing"): _closing,
    ("POST", "/v1/conversations/<conversation>/reopening"): _reopening,
    ("POST", "/v1/conversations/<conversation>/leaving"): _leaving,
    ("POST", "/v1/conversations/<conversation>/block"): _to_block,
    ("POST", "/v1/desk/blocks/<block_id>/lifting"): _to_lift,
    ("GET", "/v1/conversations/<conversation>/search"): query("?q=在吗"),
    ("GET", "/v1/desk/messages"): query("?q=在吗"),
    ("POST", "/v1/canned-replies"): body(title="材料", text="请带身份证。"),
    ("GET", "/v1/canned-replies/<reply>"): _reply,
    ("PATCH", "/v1/canned-replies/<reply>"): _reply,
    ("DELETE", "/v1/canned-replies/<reply>"): _reply,
    ("POST", "/v1/conversations/<conversation>/rating"): _rating,
    ("POST", "/v1/conversations/<conversation>/case"): _tie,
}
