"""How the routes of the matters room are called."""

from collections.abc import Callable
from typing import Any
from uuid import uuid4

from tests.access.calls.how import Call, Calls, World, body, query
from tests.matters.starter import RECORDS

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


def _begin_matter(world: World, actor: str) -> Call:
    return {"at": {"code": f"XC-{uuid4().hex[:8]}"}, "json": NEW_MATTER}


def _matter_draft(world: World) -> Call:
    """Begin the draft of a new matter; gives a call with its code and its edit in If-Match."""
    code = f"XC-{uuid4().hex[:8]}"
    draft = world.second_admin.post(f"/v1/matters/{code}/versions", NEW_MATTER)
    return {"at": {"code": code}, "headers": {"If-Match": f'"{draft["edit"]}"'}}


def _of_draft(**rest: Any) -> Callable[[World, str], Call]:
    return lambda world, actor: {**_matter_draft(world), **rest}


CALLS: Calls = {
    ("POST", "/v1/matters/<code>/versions"): _begin_matter,
    ("PATCH", "/v1/matters/<code>/versions/<int:version>"): _of_draft(json={"visits": 0}),
    ("DELETE", "/v1/matters/<code>/versions/<int:version>"): _of_draft(),
    ("POST", "/v1/matters/<code>/versions/<int:version>/publication"): _of_draft(),
    ("POST", "/v1/desk/matters/import"): body(items=[RECORDS[0]]),
    ("GET", "/v1/matters/search"): query("?q=食品"),
}
