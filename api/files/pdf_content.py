"""What a PDF may hold: pages, forms that are filled in, signatures, links that a reader clicks; nothing that acts.

Refused is whatever runs, sends or fetches something, or opens another file (ISO 32000-1 §12.6.4, §12.7.8, §13), however
it is written: in object streams, under escaped names, in objects that an incremental update replaced (the file is kept
byte for byte, and a reader that repairs it may read them), or in objects that no table lists.
"""

import io
import re
from collections.abc import Iterator
from typing import Any

ACTS = frozenset(
    ["/JavaScript", "/Launch", "/SubmitForm", "/ImportData", "/GoToR", "/GoToE", "/Rendition", "/RichMediaExecute"]
)
"""Actions that are refused wherever their name stands."""
CLICKED = frozenset(
    ["/GoTo", "/GoToDp", "/Named", "/URI", "/ResetForm", "/Hide", "/SetOCGState", "/Trans", "/GoTo3DView", "/NOP"]
)
"""Actions that a reader may click; of these all but /URI may run by themselves, when a page is opened and the like."""
NAMED = frozenset(["/NextPage", "/PrevPage", "/FirstPage", "/LastPage", "/Print"])
ACTIVE_KEYS = frozenset(["/JS", "/JavaScript", "/XFA", "/RichMediaContent", "/RichMediaSettings"])
ACTIVE_SUBTYPES = frozenset(["/RichMedia", "/Movie", "/Screen", "/Sound", "/3D"])
FILE_TYPES = frozenset(["/Filespec", "/FileSpec", "/F"])
SCHEMES = frozenset(["http", "https", "mailto", "tel"])
HARMLESS_ATTACHMENTS = (".xml", ".xbrl")
"""Electronic invoices carry their figures as XML (电子凭证会计数据标准)."""

OBJECT = re.compile(rb"(?<![0-9])([0-9]{1,10})[ \t\r\n\f\0]+([0-9]{1,5})[ \t\r\n\f\0]+obj")
XML = re.compile(rb"\s*(\xef\xbb\xbf)?\s*<")


def _any_spelling(name: str) -> bytes:
    """A pattern for a name whose characters may be escaped as #xx (ISO 32000-1 §7.3.5)."""
    return b"".join(b"(?:%c|#%02x|#%02X)" % (char, char, char) for char in name.encode())


RAW = re.compile(
    b"/(?:%s)(?![0-9A-Za-z_])" % b"|".join(_any_spelling(name[1:]) for name in sorted(ACTS | {"/RichMedia"}))
)
"""Names that are refused even where no object can be read: long enough not to occur by chance in compressed data."""


class ActiveContent(Exception):
    """The PDF holds something that acts."""


def refuse_active(data: bytes, reader: Any) -> None:
    """Look at every object of a PDF, which `reader` (pypdf) has opened. Raises ActiveContent, and what pypdf raises."""
    if RAW.search(data):
        raise ActiveContent
    for each in _objects(data, reader):
        _look(each, reader)


def _objects(data: bytes, reader: Any) -> Iterator[Any]:
    """The trailer, every listed object, those inside of object streams, and those that no table lists."""
    from pypdf.generic import IndirectObject

    yield reader.trailer
    places = set()
    for generation, numbers in reader.xref.items():
        if generation < 65_535:  # those are free
            for number, at in sorted(numbers.items()):
                places.add(at)
                yield from _with_inner(reader.get_object(IndirectObject(number, generation, reader)), reader)
    for match in OBJECT.finditer(data):
        if match.start() not in places:
            yield from _unlisted(data, match.end(), reader)


def _unlisted(data: bytes, at: int, reader: Any) -> list[Any]:
    """What can be read at a place that no table lists: often chance, within compressed data."""
    try:
        return list(_with_inner(_read(data, at, reader), reader))
    except (MemoryError, RecursionError):
        raise
    except Exception:
        return []


def _with_inner(each: Any, reader: Any) -> Iterator[Any]:
    """An object and, if it is an object stream (§7.5.7), all that lies inside."""
    yield each
    if hasattr(each, "get_data") and dict.get(each, "/Type") == "/ObjStm":
        content, first = each.get_data(), int(each["/First"])
        heads = content[:first].split()
        for at in heads[1 : 2 * int(each["/N"]) : 2]:
            yield _read(content, first + int(at), reader)


def _read(content: bytes, at: int, reader: Any) -> Any:
    from pypdf.generic import read_object

    stream = io.BytesIO(content)
    stream.seek(at)
    return read_object(stream, reader)


def _look(each: Any, reader: Any) -> None:
    """Look at an object and all that it holds itself; what it refers to is an object of its own."""
    waiting = [each]
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            _look_at_dictionary(value)
            waiting.extend(dict.values(value))
        elif isinstance(value, list):
            waiting.extend(list.__iter__(value))


def _look_at_dictionary(value: dict[str, Any]) -> None:
    keys = set(value)
    if (
        keys & ACTIVE_KEYS
        or _name(value, "/S") in ACTS
        or _name(value, "/Subtype") in ACTIVE_SUBTYPES
        or _attaches(value)
        or _lies_elsewhere(value)
        or ("/URI" in keys and not _is_plain_address(value["/URI"]))
    ):
        raise ActiveContent
    for key in ("/A", "/PA"):
        if key in keys:
            _look_at_action(value[key], CLICKED)
    if "/OpenAction" in keys:
        _look_at_action(value["/OpenAction"], CLICKED - {"/URI"})
    triggers = _value(value, "/AA")
    if isinstance(triggers, dict):
        for trigger in triggers:
            _look_at_action(triggers[trigger], CLICKED - {"/URI"})


def _look_at_action(action: Any, allowed: frozenset[str]) -> None:
    """An action and those that follow it (/Next); an array in place of an action is a destination, or attributes."""
    waiting, seen = [action], set()
    while waiting:
        value = waiting.pop()
        if isinstance(value, list) and all(isinstance(each, dict) for each in value):
            waiting.extend(value)
        elif isinstance(value, dict) and "/S" in value and id(value) not in seen:
            seen.add(id(value))
            if value["/S"] not in allowed or (value["/S"] == "/Named" and _name(value, "/N") not in NAMED):
                raise ActiveContent
            if "/Next" in value:
                waiting.append(value["/Next"])


def _value(value: dict[str, Any], key: str) -> Any:
    """What stands under a key, or None. Not `get`: that would give the reference."""
    return value[key] if key in set(value) else None


def _name(value: dict[str, Any], key: str) -> str | None:
    name = _value(value, key)
    return name if isinstance(name, str) else None


def _attaches(value: dict[str, Any]) -> bool:
    """Whether it attaches a file other than XML figures."""
    if "/EF" not in value:
        return False
    names = [str(value[key]).lower() for key in ("/F", "/UF") if key in value]
    if not all(name.endswith(HARMLESS_ATTACHMENTS) for name in names or [""]):
        return True
    files = value["/EF"]
    return not isinstance(files, dict) or not all(XML.match(files[key].get_data()) for key in files)


def _lies_elsewhere(value: dict[str, Any]) -> bool:
    """Whether it names another file, or an address to read data from: §7.3.8.2, §7.11, §8.10.4."""
    is_stream = hasattr(value, "get_data")
    reference = _value(value, "/Ref")
    return (
        (is_stream and "/F" in value)
        or _name(value, "/FS") == "/URL"
        or (_name(value, "/Type") in FILE_TYPES and "/EF" not in value)
        or (isinstance(reference, dict) and "/F" in reference)
    )


def _is_plain_address(address: Any) -> bool:
    """Whether an address is one that a browser opens as a page, or of no scheme at all. Catalogues hold one for all."""
    if isinstance(address, dict):
        return "/Base" not in address or _is_plain_address(address["/Base"])
    text = address.decode("latin-1") if isinstance(address, bytes) else str(address)
    text = re.sub(r"[\x00-\x20\x7f]", "", text)
    scheme = re.match(r"([A-Za-z][A-Za-z0-9+.-]*):", text)
    named = scheme is not None and "." not in scheme[1]  # a host with its port has no scheme
    return scheme[1].lower() in SCHEMES if scheme and named else not text.startswith(("\\", "//", "/\\"))
