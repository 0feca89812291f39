"""Shows that no text, however strange, breaks the office: it is stored as normalised, or refused in the reader's words.

`python -m tests.show.strange --seed N [--count M]` draws M texts of all planes of Unicode (`strange_texts.py`) and puts
each into PLACES_A_TEXT places: fields of bodies, names in them, parameters of paths and queries, headers, and fields of
the socket's events. All places are read from `/openapi.json`, `/asyncapi.json` and the edge's list of headers. Prints
JSON counts; ends with status 1 if an answer is 5xx, neither JSON nor a problem, in the wrong language, or if a text
comes back, or lies in the store, with marks that nobody sees.
"""

import argparse
import json
import random
import sys
from collections import Counter, defaultdict
from datetime import UTC, datetime
from itertools import cycle, islice
from typing import Any

from tests.access.world import World
from tests.show import strange_answers as answers
from tests.show.openapi import office
from tests.show.strange_places import EventDoor, HttpDoor, Place
from tests.show.strange_texts import shown, strange

PLACES_A_TEXT = 4
LANGUAGES = ("zh", "en")
MOST_FAULTS = 40


def examine(world: World, seed: int, count: int) -> dict[str, Any]:
    """Put `count` strange texts into places in turn; every place is met before any is met again."""
    unbounded(world)
    doors = (HttpDoor(world), EventDoor(world))
    places = [place for door in doors for place in door.places()]
    by_door = {place: door for door in doors for place in door.places()}
    random.Random(seed).shuffle(places)
    turns, languages = cycle(places), cycle(LANGUAGES)
    statuses, kinds, taken = Counter[str](), Counter[str](), Counter[Place]()
    faults: dict[str, list[str]] = defaultdict(list)
    for kind, text in strange(seed, count):
        kinds[kind] += 1
        for place in islice(turns, PLACES_A_TEXT):
            language = next(languages)
            answer = by_door[place].put(place, text, language)
            statuses[answer.status] += 1
            taken[place] += answer.good
            for fault in answers.faults(place, text, language, answer):
                faults[f"{place}: {fault[0]}"].append(f"{shown(text)} → {shown(fault[1])}")
        next(languages)  # else a place of an even number of them would always be asked in the same language
    unclean = answers.unclean(world)
    return {
        "seed": seed,
        "texts": count,
        "kinds": len(kinds),
        "places": len(places),
        "in_turn": dict(Counter(place.where for place in places)),
        "calls": statuses.total(),
        "statuses": dict(sorted(statuses.items())),
        "places_that_took_one": sum(n > 0 for n in taken.values()),
        "stored_unclean": unclean,
        "faults": {name: {"times": len(met), "first": met[0]} for name, met in islice(faults.items(), MOST_FAULTS)},
        "wrong": len(faults) + len(unclean),
    }


def unbounded(world: World) -> None:
    """Lift the limits of calls a minute, which are not what is tried here."""
    limits = world.app.extensions["limits"]
    limits._by_person = limits._by_address = defaultdict(list)
    chat = world.office.chat
    chat.posts.take = chat.events.take = lambda who: None


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
