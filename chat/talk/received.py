"""What an event of the socket may hold: JSON whose texts can be stored, and lose what nobody sees."""

from collections.abc import Mapping
from typing import Any

from chat.refusals import BadFields
from chat.talk.message_kinds import written

MOST_DEPTH = 8
SECRETS = frozenset({"token"})
"""Fields whose signs are kept as they are."""


def read_body(body: object) -> dict[str, Any]:
    """The fields of an event, each text without marks of direction and invisible ones; "" if it shows nothing.

    The same is done with what comes over HTTP. Raises BadFields, naming the field, for what is no JSON object, is
    nested more than MOST_DEPTH deep, or holds a NUL or half a surrogate pair, which cannot be stored.
    """
    if not isinstance(body, Mapping):
        raise BadFields({"body": ["应为一组键值。"]})
    return {_text(name, "body"): _read(value, _printable(name), MOST_DEPTH) for name, value in body.items()}


def _read(value: Any, path: str, depth: int) -> Any:
    if depth == 0:
        raise BadFields({path: ["格式不对。"]})
    if isinstance(value, str):
        text = _text(value, path)
        return text if path in SECRETS else written(text)
    if isinstance(value, Mapping):
        return {
            _text(name, path): _read(inner, f"{path}.{_printable(name)}", depth - 1) for name, inner in value.items()
        }
    if isinstance(value, list):
        return [_read(inner, path, depth - 1) for inner in value]
    return value


def _text(text: str, path: str) -> str:
    if "\0" in text:
        raise BadFields({path: ["有一个字符不能使用，请删掉后再试。"]})
    try:
        text.encode()
    except UnicodeEncodeError:
        raise BadFields({path: ["有一个字符不完整，请删掉后再试。"]}) from None
    return text


def _printable(name: str) -> str:
    """The name of a field as an answer can repeat it."""
    return name[:40].encode("utf-8", "replace").decode()
