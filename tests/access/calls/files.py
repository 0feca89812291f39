"""How the routes of the files room are called."""

from tests.access.calls.how import Call, Calls, World
from tests.way import PNG

TUS = {"Tus-Resumable": "1.0.0"}


def _upload_of(world: World, actor: str) -> str:
    """An upload just begun by the owner."""
    headers = {**TUS, "Upload-Length": str(len(PNG)), "Upload-Metadata": "filename YS5wbmc="}
    return world.owner.raw("POST", "/v1/uploads", headers=headers).headers["Location"].rsplit("/", 1)[1]


def _content(world: World, actor: str) -> Call:
    return {"path": world.owner.get(f"/v1/files/{world.upload}")["url"]}


CALLS: Calls = {
    ("POST", "/v1/uploads"): lambda w, a: {"headers": {**TUS, "Upload-Length": "10"}},
    ("HEAD", "/v1/uploads/<upload_id>"): lambda w, a: {"headers": TUS, "at": {"upload_id": _upload_of(w, a)}},
    ("PATCH", "/v1/uploads/<upload_id>"): lambda w, a: {
        "at": {"upload_id": _upload_of(w, a)},
        "headers": {**TUS, "Upload-Offset": "0"},
        "data": PNG,
        "content_type": "application/offset+octet-stream",
    },
    ("DELETE", "/v1/uploads/<upload_id>"): lambda w, a: {"headers": TUS, "at": {"upload_id": _upload_of(w, a)}},
    ("GET", "/v1/files/<upload_id>/content"): _content,
}
