"""What a post may hold: its kinds, their fields, and the limits of each."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from math import isfinite
from typing import Any

from chat.refusals import BadFields
from chat.talk.conversation import Stream

KINDS = ("text", "image", "file", "card", "location", "note")
CARDS = ("case", "guide", "parcel", "point", "apply", "draft", "material")
"""`apply` invites to begin a draft for a matter, `draft` shows how far one is, `material` asks for one of a matter."""

UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
DROPPED = re.compile("[\u00ad\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]")
HOLLOW = re.compile(
    "[\\s\x00-\x1f\x7f-\xa0\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202f\u205f-\u206f"
    "\u2800\u3000\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\U000e0000-\U000e0fff]*"
)
"""Marks of direction and needless invisible ones, and the signs of which a text consists that shows nothing. The same
as in `api/texts.py`; both are tested by the rows of `tests/data/typed_cases.json`."""

MOST_TEXT = 2_000
MOST_REASON = 200


@dataclass(frozen=True)
class Post:
    """A message to be sent: `content` is {text} | {file: upload id} | {card: {type, ref}} | {location: {…}}."""

    client_id: str
    kind: str
    content: dict[str, Any]

    @property
    def stream(self) -> Stream:
        """Notes go to the staff stream, all else is public."""
        return "staff" if self.kind == "note" else "public"


def read_post(body: Mapping[str, Any]) -> Post:
    """Parse a post from what a client sent. Raises BadFields with the reason per field."""
    errors: dict[str, list[str]] = {}
    client_id, kind = body.get("client_id"), body.get("kind")
    if not _is_uuid(client_id):
        errors["client_id"] = ["应为 UUID，重发时不变。"]
    content: dict[str, Any] = {}
    if kind not in KINDS:
        errors["kind"] = [f"应为 {'、'.join(KINDS)} 之一。"]
    else:
        field, read = _CONTENT[str(kind)]
        try:
            content = {field: read(body.get(field))}
        except ValueError as error:
            errors[field] = [str(error)]
    if errors:
        raise BadFields(errors)
    return Post(str(client_id), str(kind), content)


def written(text: str) -> str:
    """A text without marks of direction and needless invisible ones; "" if nothing of it can be seen."""
    kept = text if text.isascii() else DROPPED.sub("", text)
    return "" if HOLLOW.fullmatch(kept) else kept


def read_text(value: object) -> str:
    """Check a text, 1 to 2,000 characters, and return it without marks of direction. Raises ValueError."""
    text = written(value) if isinstance(value, str) else ""
    if not text:
        raise ValueError("请写点内容再发送。")
    if len(text) > MOST_TEXT:
        raise ValueError(f"一次最多 {MOST_TEXT} 个字，请分几次发送。")
    return _storable(text)


def read_reason(value: object) -> str | None:
    """Check a reason, at most 200 characters; None if it is empty. Raises BadFields."""
    if value is None or value == "":
        return None
    if not isinstance(value, str) or len(value) > MOST_REASON:
        raise BadFields({"reason": [f"请写原因，不超过 {MOST_REASON} 个字。"]})
    try:
        return _storable(value.strip()) or None
    except ValueError as error:
        raise BadFields({"reason": [str(error)]}) from None


def _storable(text: str) -> str:
    try:
        text.encode()
    except UnicodeEncodeError:  # half of an emoji, cut off by a length limit somewhere
        raise ValueError("有一个字符不完整，请删掉后再发。") from None
    return text


def _reference(value: object) -> str:
    if not isinstance(value, str) or not 0 < len(value) <= 100 or not value.isprintable():
        raise ValueError("请选择要发送的内容。")
    return _storable(value)


def _card(value: object) -> dict[str, str]:
    if not isinstance(value, Mapping) or value.get("type") not in CARDS:
        raise ValueError(f"卡片类型应为 {'、'.join(CARDS)} 之一。")
    return {"type": value["type"], "ref": _reference(value.get("ref"))}


def _location(value: object) -> dict[str, Any]:
    """A place in WGS-84: {lon, lat, name}."""
    place = value if isinstance(value, Mapping) else {}
    lon, lat, name = place.get("lon"), place.get("lat"), place.get("name", "")
    if not (_within(lon, 180) and _within(lat, 90) and isinstance(name, str) and len(name) <= 100):
        raise ValueError("位置不对，请重新选择。")
    return {"lon": lon, "lat": lat, "name": _storable(name)}


def _within(value: object, limit: int) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and isfinite(value) and abs(value) <= limit


def _is_uuid(value: object) -> bool:
    return isinstance(value, str) and UUID.fullmatch(value) is not None


_CONTENT: dict[str, tuple[str, Any]] = {
    "text": ("text", read_text),
    "note": ("text", read_text),
    "image": ("file", _reference),
    "file": ("file", _reference),
    "card": ("card", _card),
    "location": ("location", _location),
}
