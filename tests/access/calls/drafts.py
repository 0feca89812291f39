"""How the routes of the drafts room are called."""

from uuid import uuid4

from tests.access.calls.how import Call, Calls, World
from tests.way import FOOD, accepted_upload, new_version


def _take_over(world: World, actor: str) -> Call:
    upload = accepted_upload(world.owner, world.drain)
    said = {"client_id": str(uuid4()), "kind": "image", "file": upload}
    seq = world.owner.post(f"/v1/conversations/{world.conversation['id']}/messages", said)["seq"]
    return {
        "json": {"material": "m4", "conversation": world.conversation["id"], "seq": seq},
        "headers": world.version(f"/v1/drafts/{world.draft['id']}"),
    }


NEW_MATTER = {
    "name": "养犬登记",
    "name_en": "Dog registration",
    "kind": "公共服务",
    "department": "新城区司法局",
    "audience": ["自然人"],
    "level": ["区"],
    "conditions": ["犬只已免疫"],
    "theme": ["城市管理"],
    "legal_basis": ["西安市限制养犬条例"],
    "result": {"name": "养犬登记证", "validity": "1年"},
}


def _take_suggestion(world: World, actor: str) -> Call:
    draft = world.owner.post("/v1/drafts", {"matter": FOOD, "answers": {}})
    return {
        "at": {"draft_id": draft["id"]},
        "json": {"fields": ["phone"]},
        "headers": {"If-Match": f'"{draft["version"]}"'},
    }


def _move(world: World, actor: str) -> Call:
    """Move a draft whose matter has a newer version by now."""
    code = f"XC-{uuid4().hex[:8]}"
    new_version(world.second_admin, code, **NEW_MATTER)
    draft = world.owner.post("/v1/drafts", {"matter": code, "answers": {}})
    new_version(world.second_admin, code, name="养犬登记（新）")
    return {
        "at": {"draft_id": draft["id"]},
        "json": {"version": 2},
        "headers": {"If-Match": f'"{draft["version"]}"'},
    }


CALLS: Calls = {
    ("POST", "/v1/drafts"): lambda w, a: {
        "json": {"matter": FOOD, "answers": {}, **({"aided": {"language": "zh"}} if "window" in a else {})}
    },
    ("PATCH", "/v1/drafts/<draft_id>"): lambda w, a: {
        "json": {"answers": {"applicant_name": "王小明"}},
        "headers": w.version(f"/v1/drafts/{w.draft['id']}"),
    },
    ("POST", "/v1/drafts/<draft_id>/suggestions"): _take_suggestion,
    ("POST", "/v1/drafts/<draft_id>/move"): _move,
    ("DELETE", "/v1/drafts/<draft_id>"): lambda w, a: {
        "at": {"draft_id": w.owner.post("/v1/drafts", {"matter": FOOD, "answers": {}})["id"]},
        "headers": {"If-Match": '"1"'},
    },
    ("POST", "/v1/drafts/<draft_id>/materials"): _take_over,
}
