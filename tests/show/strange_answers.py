"""What is wrong with an answer to a strange text: its status, its form, its language, the marks that came back."""

import json
import re
import unicodedata
from collections.abc import Iterator
from typing import Any

from api import texts
from api.identity.sealing.keyring import SealBroken
from api.identity.sealing.rotation import key_of
from api.office import sealed
from chat.talk.masking import mask
from tests.access.world import World

HAN = re.compile("[\u3400-\u9fff]")
WORDS = re.compile(r"(?:[A-Za-z]{2,}[ ,]+){3}[A-Za-z]{2,}")
"""Four English words in a row: a sentence, and no name of a header."""
CHOICES = re.compile(r"(Must be one of: |只能是 |只能从中选择：|不能选择：|was (?:not )?in: ).*", re.DOTALL)
"""Values from which one chooses are in the language of the data."""
DATA = re.compile(r'"[^"]*"|XC-[^\s/:]*|“[^”]*”')
"""Names and codes of the catalogue, which have one language, as refusals quote them."""

UNCHANGED = {
    "token": "a secret that the office made",
    "refresh_token": "a secret that the office made",
    "cursor": "opaque",
    "next": "opaque",
    "terminal": "what somebody wrote as a search is answered with the words that were read",
}
"""Fields of answers that are no text of people, with the reason."""

NOT_TEXT: dict[str, str] = {
    "_id": "made here",
}
"""Fields of documents that no person writes, with the reason."""

Fault = tuple[str, Any]


def faults(place: Any, text: str, language: str, answer: Any) -> Iterator[Fault]:
    """What is wrong with the answer: (what, the evidence)."""
    if answer.status.startswith("5"):
        yield "an error of ours", answer.status
        return
    if place.where == "header" and place.path[0] == "Accept-Language":
        language = ""
    if place.method != "EVENT":
        yield from _form(answer)
    if answer.good:
        yield from _marks(answer.json)
        yield from _comes_back(place, text, answer)
    elif answer.json is not None and language:
        yield from _words(answer.json, text, language)


def _form(answer: Any) -> Iterator[Fault]:
    """An answer is JSON, a PDF or the like; a refusal is a problem. Without a body it is neither (HEAD, 204, tus)."""
    if answer.size:
        of_ours = answer.json is not None if answer.good else answer.content_type == "application/problem+json"
        if not of_ours and answer.content_type.startswith(("text/html", "text/plain")):
            yield "neither JSON nor a problem", (answer.status, answer.content_type)


def values(value: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], str]]:
    """Every text in JSON or in a document, with the names above it."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from values(inner, (*path, str(name)))
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from values(inner, path)
    elif isinstance(value, str):
        yield path, value


def is_clean(text: str) -> bool:
    """Whether a text is as the office normalises it: `written` has nothing to take away."""
    return texts.written(text) == text and "\0" not in text


def _marks(body: Any) -> Iterator[Fault]:
    for path, value in values(body):
        if not set(path) & UNCHANGED.keys() and not is_clean(value):
            yield f"{'.'.join(path)} comes back with what nobody sees", value


def normal_forms(text: str) -> set[str]:
    """What the office may make of a text that it takes: a rule of `api/texts.py`, in upper or lower case too, and
    personal numbers masked, as in what many see of a talk."""
    kept = texts.written(text)
    forms = {kept, kept.strip(), texts.one_line(text), texts.bare(text)}
    forms |= {mask(form) for form in forms}
    return forms | {form.upper() for form in forms} | {form.lower() for form in forms}


def _comes_back(place: Any, text: str, answer: Any) -> Iterator[Fault]:
    """A field that an answer repeats where it was sent holds what was sent, as normalised."""
    if place.where != "body" or place.path[-1:] in {("[]",), ("每",), ("每每",)} or place.path[-1] in OTHERWISE:
        return
    back = [value for path, value in values(answer.json) if path == place.path]
    if back and not normal_forms(text) & set(back):
        yield "does not come back as normalised", back[:2]


OTHERWISE: dict[str, str] = {
    "phone": "masked",
    "number": "masked",
    "id_number": "masked",
    "name": "a person's name has rules of its own, shown in tests/identity",
    "hours": "opening hours are read and written again",
}
"""Fields that come back in another form, with the reason."""


def _words(problem: dict[str, Any], text: str, language: str) -> Iterator[Fault]:
    """Title, detail and reasons are in the asked language."""
    sentences = [problem[name] for name in ("title", "detail") if problem.get(name)]
    sentences += [why for reasons in (problem.get("errors") or {}).values() for why in reasons]
    sent = set(text) | set(unicodedata.normalize("NFKC", text))
    for sentence in sentences:
        own = "".join(
            sign for sign in CHOICES.sub("", DATA.sub("", sentence)) if not HAN.match(sign) or sign not in sent
        )
        if language == "en" and HAN.search(own):
            yield "an English reader is answered in Chinese", sentence
        own = CHOICES.sub("", DATA.sub("", sentence.replace(text, "") if len(text) > 2 else sentence))
        if language == "zh" and (WORDS.search(own) or not (HAN.search(sentence) or CHOICES.search(sentence))):
            yield "a Chinese reader is answered in English", sentence


def unclean(world: World) -> list[str]:
    """Fields of the whole store, sealed ones opened, that hold a text which the office would have written otherwise."""
    world.drain()
    world.office.security.write(world.clock(), everything=True)
    listed, wrong = dict(sealed()), set()
    for collection in world.office.database.handle.list_collection_names():
        for row in world.office.database[collection].find():
            for path, value in values(row):
                field = f"{collection}.{'.'.join(path)}"
                if not all(map(is_clean, _opened(world, row["_id"], path, value, collection in listed))):
                    wrong.add(f"{field}: {ascii(value)[:80]}")
    return sorted(wrong)


def _opened(world: World, record: Any, path: tuple[str, ...], value: str, may_be_sealed: bool) -> list[str]:
    if not may_be_sealed or key_of(value) not in world.office.keyring.ids():
        return [value]
    try:
        inside = world.office.keyring.open_sealed(str(record), path[-1], value)
    except SealBroken:
        return []
    try:
        return [text for _, text in values(json.loads(inside))]
    except ValueError:
        return [inside]
