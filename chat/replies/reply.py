"""A canned reply: a text that a desk sends often, with variables such as the citizen's name."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from chat.live.views import moment
from chat.ports import Document
from chat.refusals import BadFields
from chat.talk.message_kinds import read_text

VARIABLES = ("citizen", "officer", "matter", "case")
"""`{citizen}` and the like stand for values of the conversation; a variable without a value stays as it is written."""

MOST_TITLE = 40
MOST_WORD = 60


@dataclass(frozen=True)
class CannedReply:
    """A reply of one desk, about one matter (code) or any. `version` counts its changes."""

    id: str
    version: int
    desk: str
    title: str
    text: str
    matter: str | None
    by: str
    at: datetime

    def filled(self, values: Mapping[str, str]) -> str:
        """The text with the values of its variables."""
        text = self.text
        for name in VARIABLES:
            if values.get(name):
                text = text.replace("{" + name + "}", values[name])
        return text

    def as_json(self, values: Mapping[str, str]) -> Document:
        """The reply as staff see it, and `filled` with the values of its variables."""
        return {
            "id": self.id,
            "version": self.version,
            "title": self.title,
            "text": self.text,
            "filled": self.filled(values),
            "matter": self.matter,
            "at": moment(self.at),
        }

    def matches(self, query: str) -> bool:
        """Whether each word of the query is in it."""
        text = f"{self.title} {self.text}".casefold()
        return all(word in text for word in query.casefold().split())


def changed(reply: CannedReply, body: Mapping[str, Any], by: str, now: datetime) -> CannedReply:
    """The reply after an officer's change, {title?, text?, matter?}. Raises BadFields."""
    errors: dict[str, list[str]] = {}
    title, text = body.get("title", reply.title), body.get("text", reply.text)
    matter = body.get("matter", reply.matter)
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
    return replace(reply, version=reply.version + 1, title=title.strip(), text=text, matter=matter, by=by, at=now)


def ranked(replies: list[CannedReply], query: str, matter: str | None) -> list[CannedReply]:
    """The replies that match: those of the matter in hand first, then those of any, then of others; each by title."""

    def order(reply: CannedReply) -> tuple[int, str]:
        rank = 1 if reply.matter is None else 0 if reply.matter == matter else 2
        return rank, reply.title

    return sorted((reply for reply in replies if reply.matches(query)), key=order)
