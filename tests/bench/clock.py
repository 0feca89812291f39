"""Measures what folding a clock costs: `reckon_facts`, and `reckon`, which reads facts and writes answers as JSON.

`python -m tests.bench.clock --seed N [--histories H]` prints JSON: CPU microseconds a fold, median and 95th percentile
over random histories of 2024-2026 (rounds of supplement, silence, stops, extensions, decisions, hand-overs), by the
number of stops too, and the ratio to a bound of the same run: the standard library reads the same facts from JSON,
parses each of their times, and writes the same answer as JSON. The three take turns.
"""

import argparse
import json
import random
import statistics
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from api.calendar.calendar import WorkingCalendar, load_calendar
from api.cases.clock.facts import read_facts
from api.cases.clock.reckoning import reckon, reckon_facts
from api.cases.clock.stops import STOPPING_KINDS
from api.times import BEIJING

HISTORIES, TIMES, ROUNDS = 600, 20, 5
KINDS = sorted(STOPPING_KINDS | {"公示", "现场踏勘"})
FIRST = datetime(2024, 1, 2, 9, tzinfo=BEIJING)

Facts = dict[str, Any]


def history(draw: random.Random) -> Facts:
    """The facts of one case as the cases room stores them, and a moment at which they are asked about."""
    at = FIRST + timedelta(days=draw.randrange(900), minutes=draw.randrange(480))
    unit = draw.choice(["working", "working", "working", "calendar"])
    facts: Facts = {"recorded": True, "law": "permit", "deemed_acceptance": True, "received_at": at.isoformat()}
    facts |= {"legal": {"days": draw.choice([5, 10, 20, 45]), "unit": unit}, "promised_days": draw.randint(1, 20)}
    facts["extension_rule"] = {"max_days": 10, "approver": "agency_head"}
    if draw.random() < 0.3:  # a round of supplement
        facts["notice_at"] = (at + timedelta(days=2)).isoformat()
        at += timedelta(days=draw.randint(3, 12))
        facts["supplement_at"] = at.isoformat()
    if draw.random() < 0.15:  # silence
        return {**facts, "as_of": (at + timedelta(days=draw.randrange(40))).isoformat()}
    at += timedelta(hours=draw.randint(1, 60))
    facts["accepted_at"] = at.isoformat()
    facts["procedures"] = [stop(draw, at) for _ in range(draw.choice([0, 0, 1, 1, 2, 3]))]
    if draw.random() < 0.3:
        facts["extensions"] = [{"days": 10, "approved_at": (at + timedelta(days=draw.randint(1, 40))).isoformat()}]
    if draw.random() < 0.5:
        decided = at + timedelta(days=draw.randint(41, 70))
        facts["decision"] = {"at": decided.isoformat(), "kind": draw.choice(["grant", "refuse"])}
        facts["handed_over_at"] = (decided + timedelta(days=draw.randrange(20))).isoformat()
    return {**facts, "as_of": (at + timedelta(days=draw.randrange(100))).isoformat()}


def stop(draw: random.Random, at: datetime) -> Facts:
    """A procedure within forty days of an acceptance, most of them ended."""
    start = at + timedelta(days=draw.randrange(20), hours=1)
    end = start + timedelta(days=draw.randrange(20)) if draw.random() < 0.85 else None
    return {"kind": draw.choice(KINDS), "start": start.isoformat(), "end": end and end.isoformat(), "told": True}


def bound(text: str, answer: Facts) -> Callable[[], object]:
    """What a fold cannot do without: its facts read, their times parsed, its answer written."""
    times = [value for value in _texts(json.loads(text)) if value[4:5] == "-" and "T" in value]
    return lambda: (json.loads(text), [*map(datetime.fromisoformat, times)], json.dumps(answer))


def _texts(value: Any) -> list[str]:
    if isinstance(value, dict | list):
        return [text for item in (value.values() if isinstance(value, dict) else value) for text in _texts(item)]
    return [value] if isinstance(value, str) else []


def microseconds(call: Callable[[], object]) -> float:
    """CPU microseconds per call."""
    begun = time.process_time_ns()
    for _ in range(TIMES):
        call()
    return (time.process_time_ns() - begun) / TIMES / 1_000


def costs(facts: Facts, calendar: WorkingCalendar) -> tuple[float, float, float]:
    """The fold, the fold with JSON, the bound: each the best of ROUNDS, so that what else runs here counts little."""
    known, answer = read_facts(facts), reckon(facts, calendar)
    assert "error" not in answer, answer
    calls = (
        lambda: reckon_facts(known, calendar),
        lambda: reckon(facts, calendar),
        bound(json.dumps(facts), answer),
    )
    rounds = [[microseconds(call) for call in calls] for _ in range(ROUNDS)]
    fold, with_json, bare = map(min, zip(*rounds, strict=True))
    return fold, with_json, bare


def measure(seed: int, histories: int = HISTORIES) -> dict[str, Any]:
    """The figures over so many histories."""
    draw, calendar = random.Random(seed), load_calendar()
    cases = [history(draw) for _ in range(histories)]
    figures = [costs(facts, calendar) for facts in cases]
    folds, with_json, bounds = zip(*figures, strict=True)
    stops = [len(facts.get("procedures", ())) for facts in cases]
    by_stops = {n: [us for us, count in zip(folds, stops, strict=True) if count == n] for n in sorted(set(stops))}
    return {
        "histories": histories,
        "fold_us": round(statistics.median(folds), 1),
        "fold_us_p95": round(statistics.quantiles(folds, n=20)[-1], 1),
        "fold_us_by_stops": {str(n): round(statistics.median(costs), 1) for n, costs in by_stops.items()},
        "with_json_us": round(statistics.median(with_json), 1),
        "bound_us": round(statistics.median(bounds), 1),
        "fold_to_bound": round(statistics.median(fold / bare for fold, _, bare in figures), 2),
        "with_json_to_bound": round(statistics.median(both / bare for _, both, bare in figures), 2),
    }


def main() -> None:
    """Print the figures as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--histories", type=int, default=HISTORIES)
    asked = parser.parse_args()
    print(json.dumps(measure(asked.seed, asked.histories)))


if __name__ == "__main__":
    main()
