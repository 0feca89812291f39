"""Seals what people wrote before it is stored, and opens it: in each document one sealed field, `words`, for all of it.

It is bound to the document's id and the field, so that it opens nowhere else. What is searched for by the store (ids,
references of cards, states, times) stays as it is.
"""

from collections.abc import Callable, Sequence

import orjson

from chat.ports import Document

Seal = Callable[[str, str, str], str]
"""(record, field, text) -> the sealed text; or a sealed text -> the text."""

VERSION = 2
"""The version of documents with sealed words; before it they were plain."""

WORDS = "words"

OF_MESSAGES = ("text", "file.name", "location", "event.closed.reason", "event.block.reason")
OF_CONVERSATIONS = ("closed.reason", "rating.text")
OF_BLOCKS = ("reason",)
"""The personal fields of each kind of document, by path."""

ERASED = "（账号已注销，内容已删除）"
"""The text in the place of what a citizen wrote whose account is closed."""


class Sealer:
    """Seals and opens the personal fields of one kind of document."""

    def __init__(self, paths: Sequence[str], seal: Seal, open_sealed: Seal) -> None:
        self._whole = [path for path in paths if "." not in path]
        self._inner = [(path, path.split(".")[:-1], path.rsplit(".", 1)[-1]) for path in paths if "." in path]
        self._seal, self._open_sealed = seal, open_sealed

    def sealed(self, row: Document) -> Document:
        """The document as it is stored: a copy in which `words` holds the personal fields."""
        stored = {**row}
        words = {path: stored.pop(path) for path in self._whole if path in stored}
        for path, parents, name in self._inner:
            if parents[0] not in row or (place := _copied(stored, parents)) is None:
                continue
            words[path] = place.pop(name, None)
        words = {path: value for path, value in words.items() if value is not None}
        if words:
            stored[WORDS] = self._seal(row["_id"], WORDS, orjson.dumps(words).decode())
        return stored

    def opened(self, row: Document) -> Document:
        """The document as it was before `sealed`, changed in place; one of an earlier version is as it was."""
        if row.get("v", 1) < VERSION:
            return row
        sealed = row.pop(WORDS, None)
        words = orjson.loads(self._open_sealed(row["_id"], WORDS, sealed)) if sealed else {}
        for path, parents, name in self._inner:
            value = words.pop(path, None)
            if parents[0] in row and (place := _place(row, parents)) is not None:
                place[name] = value
        row.update(words)
        if row.get("erased"):
            row["text"] = ERASED
        return row


class Sealing:
    """The sealers of the chat's collections."""

    def __init__(self, seal: Seal, open_sealed: Seal) -> None:
        self.messages = Sealer(OF_MESSAGES, seal, open_sealed)
        self.conversations = Sealer(OF_CONVERSATIONS, seal, open_sealed)
        self.blocks = Sealer(OF_BLOCKS, seal, open_sealed)


def upgrade(paths: Sequence[str]) -> Callable[[Document, Seal], Document]:
    """The upgrade of plain documents of an earlier release: what is to be set in each."""

    def expand(document: Document, seal: Seal) -> Document:
        sealed = Sealer(paths, seal, seal).sealed(document)
        return {WORDS: sealed[WORDS]} if WORDS in sealed else {}

    return expand


def _place(row: Document, parents: Sequence[str]) -> Document | None:
    """The dict at a path, or None."""
    place: Document = row
    for parent in parents:
        inner = place.get(parent)
        if not isinstance(inner, dict):
            return None
        place = inner
    return place


def _copied(row: Document, parents: Sequence[str]) -> Document | None:
    """The dict at a path, it and those above it replaced by copies, or None."""
    if _place(row, parents) is None:
        return None
    place = row
    for parent in parents:
        place[parent] = {**place[parent]}
        place = place[parent]
    return place
