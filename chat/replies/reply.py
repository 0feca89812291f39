"""Canned replies: what a desk says often, found by a few letters, with places for names."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from chat.refusals import BadFields
from chat.talk.conversation import read_text

VARIABLES = ("citizen", "officer", "matter", "case")
"""`{citizen}` and the like stand for what is known of the talk; what is not known stays as it is written."""

MOST_TITLE = 40
MOST_WORD = 60


@dataclass(frozen=True)
class Canned:
    """A reply of one desk, about one matter (code) or any. `version` counts its changes."""

    id: str
    version: int
    desk: str
    title: str
    text: str
    matter: str | None
    by: str
    at: datetime

    def filled(self, known: Mapping[str, str]) -> str:
        """The text with what is known in its places."""
        text = self.text
        for name in VARIABLES:
            if known.get(name):
                text = text.replace("{" + name + "}", known[name])
        return text

    def fits(self, query: str) -> bool:
        """Whether each of the words looked for is in it."""
        text = f"{self.title} {self.text}".casefold()
        return all(word in text for word in query.casefold().split())


def changed(canned: Canned, body: Mapping[str, Any], by: str, now: datetime) -> Canned:
    """With {title?, text?, matter?} of an officer. Raises BadFields."""
    errors: dict[str, list[str]] = {}
    title, text = body.get("title", canned.title), body.get("text", canned.text)
    matter = body.get("matter", canned.matter)
    if not (isinstance(title, str) and 0 < len(title.strip()) <= MOST_TITLE and title.isprintable()):
        errors["title"] = [f"请写标题，不超过 {MOST_TITLE} 个字。"]
    try:
        read_text(text)
    except ValueError as error:
        errors["text"] = [str(error)]
    if matter is not None and not (isinstance(matter, str) and 0 < len(matter) <= MOST_WORD):
        errors["matter"] = ["没有找到，请重新选择。"]
    if errors:
        raise BadFields(errors)
    return replace(canned, version=canned.version + 1, title=title.strip(), text=text, matter=matter, by=by, at=now)


def ranked(all_of_desk: list[Canned], query: str, matter: str | None) -> list[Canned]:
    """Those that fit: first those of the matter in hand, then those of any, by title; those of other matters last."""

    def order(one: Canned) -> tuple[int, str]:
        rank = 1 if one.matter is None else 0 if one.matter == matter else 2
        return rank, one.title

    return sorted((one for one in all_of_desk if one.fits(query)), key=order)
