"""Shows that no text, however strange, breaks the office: it is stored as normalised, or refused in the reader's words.

`python -m tests.show.strange --seed N [--count M]` draws M texts of all planes of Unicode (`strange_texts.py`) and puts
each into PLACES_A_TEXT places: fields of bodies, names in them, parameters of paths and queries, headers, and fields of
the socket's events. All places are read from `/openapi.json`, `/asyncapi.json` and the edge's list of headers. Prints
JSON counts; ends with status 1 if an answer is 5xx, neither JSON nor a problem, in the wrong language, or if a text
comes back, or lies in the store, with marks that nobody sees.
"""

import argparse
import json
import logging
import random
import sys
import threading
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import cycle, islice
from typing import Any

import pytest

from tests.access.world import World
from tests.show import strange_answers as answers
from tests.show.openapi import office
from tests.show.strange_places import EventDoor, HttpDoor, Place
from tests.show.strange_texts import shown, strange

PLACES_A_TEXT = 4
LANGUAGES = ("zh", "en")
MOST_FAULTS = 40


def examine(world: World, seed: int, count: int, each: int = PLACES_A_TEXT) -> dict[str, Any]:
    """Put `count` strange texts into `each` places in turn; every place is met before any is met again."""
    doors = (HttpDoor(world), EventDoor(world))
    by_door = {place: door for door in doors for place in door.places()}
    places = list(by_door)
    random.Random(seed).shuffle(places)
    both = [(place, LANGUAGES[(n + again) % 2]) for again in range(2) for n, place in enumerate(places)]
    turns = cycle(both)
    statuses, kinds, taken = Counter[str](), set[str](), set[Place]()
    faults: dict[str, list[str]] = defaultdict(list)
    with unbounded(world), Errors() as errors:
        for kind, text in strange(seed, count):
            kinds.add(kind)
            for place, language in islice(turns, each):
                errors.records.clear()
                try:
                    answer = by_door[place].put(place, text, language)
                except AssertionError as error:
                    faults[f"{place}: cannot be called any more"].append(str(error))
                    continue
                statuses[answer.status] += 1
                taken |= {place} if answer.good else set()
                for what, evidence in (*answers.faults(place, text, language, answer), *errors.faults()):
                    faults[f"{place}: {what}"].append(f"{shown(text)} → {shown(evidence)}")
    unclean = answers.unclean(world)
    return {
        "seed": seed,
        "texts": count,
        "kinds": len(kinds),
        "places": len(places),
        "by_sort": dict(Counter(place.where for place in places)),
        "calls": statuses.total(),
        "statuses": dict(sorted(statuses.items())),
        "places_that_took_one": len(taken),
        "stored_unclean": unclean,
        "faults": {name: {"times": len(met), "first": met[0]} for name, met in islice(faults.items(), MOST_FAULTS)},
        "wrong": len(faults) + len(unclean),
    }


class Errors(logging.Handler):
    """Gathers what this thread logs as an error: a fault of ours, also where the answer hides it."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.records: list[logging.LogRecord] = []
        self._thread = threading.get_ident()

    def emit(self, record: logging.LogRecord) -> None:
        """Keep a record."""
        if record.thread == self._thread:
            self.records.append(record)

    def faults(self) -> Iterator[answers.Fault]:
        """What was logged since the last `records.clear()`."""
        for record in self.records:
            error = record.exc_info[1] if record.exc_info else None
            yield "an error in the log", f"{record.getMessage()}: {error!r}"

    def __enter__(self) -> "Errors":
        logging.getLogger().addHandler(self)
        return self

    def __exit__(self, *_: object) -> None:
        logging.getLogger().removeHandler(self)


@contextmanager
def unbounded(world: World) -> Iterator[None]:
    """Lift the limits of calls in a minute or a day, which are not what is tried here."""
    chat, limits = world.office.chat, world.app.extensions["limits"]
    with pytest.MonkeyPatch.context() as patch:
        for counts in ("_by_person", "_by_address"):
            patch.setattr(limits, counts, defaultdict(list))
        for rate in (chat.posts, chat.events):
            patch.setattr(rate, "take", lambda who: None)
        for most in (
            "api.files.file.MOST_FILES_A_DAY",
            "api.files.file.MOST_BYTES_A_DAY",
            "api.reports.service.MOST_A_DAY",
        ):
            patch.setattr(most, 1 << 40)
        yield


def main() -> None:
    """Print the counts; exit status 1 if anything is wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", type=int, default=5_000)
    given = parser.parse_args()
    begun = datetime.now(UTC)
    with office() as world:
        counts = examine(world, given.seed, given.count)
    seconds = round((datetime.now(UTC) - begun).total_seconds(), 1)
    print(json.dumps({**counts, "seconds": seconds}, ensure_ascii=True, indent=1))
    sys.exit(bool(counts["wrong"]))


if __name__ == "__main__":
    main()
