"""The starter data that the suites of this room read, and an index over it."""

import json
from functools import cache
from importlib import resources
from typing import Any

from api.matters.catalogue.matter import matter_of
from api.matters.search.index import Index, SearchEntry
from api.matters.search.reading import Reader
from api.matters.search.texts import searched_texts


def data(name: str) -> Any:
    """One of the room's data files."""
    return json.loads(resources.files("api.matters").joinpath("data", name).read_bytes())


RECORDS: list[dict[str, Any]] = data("matters.json")
LEXICON: dict[str, Any] = data("lexicon.json")
NAMES = {record["code"]: record["name"] for record in RECORDS}


@cache
def reader() -> Reader:
    """A reader of the starter lexicon."""
    return Reader(LEXICON)


@cache
def index() -> Index:
    """An index over the starter catalogue."""
    matters = [matter_of(record) for record in RECORDS]
    return Index([SearchEntry(m.code, searched_texts(m, LEXICON["said"][m.code])) for m in matters], reader())
