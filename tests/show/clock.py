"""Compares the working-day clock with a second reading of its rules that counts day by day, over random histories.

`python -m tests.show.clock --seed N [COUNT]` prints JSON: how many histories of each kind there were, how many used
each rule, and what differed, with the smallest example of each kind of difference; exit status 1 if anything did.
`inputs` are histories in the form of the clock's input, `cases` are acts on cases that the program folds into one.
"""

import argparse
import json
import sys
import time
from collections import Counter
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import replace
from functools import cache
from importlib import resources
from typing import Any

from api.calendar.calendar import WorkingCalendar, load_calendar
from api.cases.clock.reckoning import reckon_file
from tests.show.clock_acts import Life, Lives
from tests.show.clock_histories import Histories, History, notices
from tests.show.clock_oracle import Judgement, Notices, Unclear, differences, judge

ALL = notices(json.loads(resources.files("api.calendar").joinpath("data/holidays.json").read_bytes()))


@cache
def published(years: frozenset[int]) -> tuple[Notices, WorkingCalendar]:
    """The notices of these years alone, for the second reading and for the program."""
    known = {year: ALL.years[year] for year in years}
    calendar = replace(
        load_calendar(),
        known_years=years,
        rest=frozenset(day for rest, _ in known.values() for day in rest),
        work=frozenset(day for _, make_up in known.values() for day in make_up),
    )
    return Notices(known, ALL.holidays), calendar


def compared(raw: dict[str, Any], years: frozenset[int]) -> tuple[list[str], Judgement, dict[str, Any]]:
    """The fields that differ, what the rules allow, and what the program says. Raises Unclear."""
    known, calendar = published(years)
    judgement = judge(raw, known)
    output = reckon_file([{"id": "one", "input": raw}], calendar)[0]["output"]
    return differences(judgement, output), judgement, output


def signature(wrong: list[str], judgement: Judgement, output: dict[str, Any]) -> str:
    """The kind of a difference: its fields, or the errors on both sides."""
    if "error" in wrong:
        return f"{' '.join(sorted(judgement.errors)) or 'an answer'} / {output.get('error', 'an answer')}"
    return " ".join(wrong)


def smallest(raw: dict[str, Any], years: frozenset[int], wrong: str) -> dict[str, Any]:
    """The input with all taken out of it that the difference does not need."""
    smaller = True
    while smaller:
        smaller = False
        for candidate in without_a_part(raw):
            try:
                if signature(*compared(candidate, years)) == wrong:
                    raw, smaller = candidate, True
                    break
            except (Unclear, KeyError):
                continue
    return raw


def without_a_part(raw: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The input without one of its keys, or without one entry of one of its lists."""
    for name, value in raw.items():
        yield {key: kept for key, kept in raw.items() if key != name}
        if isinstance(value, list):
            for number in range(len(value)):
                yield {**raw, name: value[:number] + value[number + 1 :]}
        if isinstance(value, dict) and name == "exceptions":
            for day in value:
                yield {**raw, name: {key: mark for key, mark in value.items() if key != day}}


class Counts:
    """What was compared: kinds, rules, answers, and what differed."""

    def __init__(self) -> None:
        self.begun = time.monotonic()
        self.compared = 0
        self.kinds, self.rules, self.answers = Counter[str](), Counter[int](), Counter[str]()
        self.unclear, self.differing = Counter[str](), Counter[str]()
        self.either_way = 0

    def add(self, kinds: frozenset[str], judgement: Judgement, output: dict[str, Any], difference: str) -> None:
        """Count one comparison; `difference` is empty if there was none."""
        self.compared += 1
        self.kinds.update(kinds)
        self.rules.update(judgement.rules)
        self.answers[output.get("state") or output["error"].partition(":")[0]] += 1
        self.either_way += "error" in output and output["error"] not in judgement.errors
        if difference:
            self.differing[difference] += 1

    def as_json(self, examples: dict[str, Any]) -> dict[str, Any]:
        """The counts as JSON, with one example of each difference."""
        return {
            "histories": self.compared,
            "seconds": round(time.monotonic() - self.begun, 1),
            "kinds": dict(sorted(self.kinds.items())),
            "answers": dict(sorted(self.answers.items())),
            "rules": {str(rule): times for rule, times in sorted(self.rules.items())},
            "rules_allow_an_error_or_not": self.either_way,
            "rules_do_not_say": dict(self.unclear),
            "differences": self.differing.total(),
            "differing": [
                {"difference": name, "histories": self.differing[name], **examples[name]} for name in examples
            ],
        }


def inputs(seed: int, count: int) -> dict[str, Any]:
    """Compare so many inputs of this seed; gives the counts."""
    histories, counts = Histories(seed), Counts()
    smallest_of: dict[str, History] = {}
    while counts.compared < count:
        history = histories.one()
        try:
            wrong, judgement, output = compared(deepcopy(history.raw), history.years)
        except Unclear as reason:
            counts.unclear[str(reason)] += 1
            continue
        name = signature(wrong, judgement, output) if wrong else ""
        counts.add(history.kinds, judgement, output, name)
        if wrong:
            smallest_of[name] = min(smallest_of.get(name, history), history, key=lambda kept: len(str(kept.raw)))
    return counts.as_json({name: _example(name, history) for name, history in sorted(smallest_of.items())})


def cases(seed: int, count: int) -> dict[str, Any]:
    """Compare so many lives of cases of this seed; gives the counts."""
    lives, counts = Lives(seed, published), Counts()
    smallest_of: dict[str, Life] = {}
    while counts.compared < count:
        try:
            life = lives.one()
        except Unclear as reason:
            counts.unclear[str(reason)] += 1
            continue
        name = " ".join(life.wrong)
        counts.add(life.kinds, life.judgement, life.output, name)
        if life.wrong:
            smallest_of[name] = min(smallest_of.get(name, life), life, key=lambda kept: len(str(kept.case)))
    return counts.as_json({name: _life(life) for name, life in sorted(smallest_of.items())})


def run(seed: int, count: int) -> dict[str, Any]:
    """Compare so many histories of each form of this seed; gives the counts."""
    report = {"seed": seed, "inputs": inputs(seed, count), "cases": cases(seed, count)}
    used = {int(rule) for part in ("inputs", "cases") for rule in report[part]["rules"]}
    return {**report, "rules_never_used": sorted(set(range(1, 46)) - used), "differences": _total(report)}


def _total(report: dict[str, Any]) -> int:
    return sum(report[part]["differences"] for part in ("inputs", "cases"))


def _life(life: Life) -> dict[str, Any]:
    return {
        "case": life.case,
        "expected": {field: life.judgement.answer.get(field) for field in life.wrong},
        "output": {field: life.output.get(field) for field in life.wrong},
    }


def _example(name: str, history: History) -> dict[str, Any]:
    raw = smallest(history.raw, history.years, name)
    wrong, judgement, output = compared(raw, history.years)
    expected = {field: judgement.answer.get(field) for field in wrong} if judgement.answer else judgement.errors
    return {
        "input": raw,
        "years": sorted(history.years),
        "expected": expected,
        "output": output if "error" in output else {field: output.get(field) for field in wrong},
    }


def main() -> None:
    """Print the counts; exit status 1 if anything differed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("count", type=int, nargs="?", default=10_000)
    asked = parser.parse_args()
    report = run(asked.seed, asked.count)
    print(json.dumps(report, ensure_ascii=False, indent=1, default=sorted))
    sys.exit(bool(report["differences"]))


if __name__ == "__main__":
    main()
