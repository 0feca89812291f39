"""Shows how well search finds matters in people's own words, by style of question, beside plain bigram BM25.

`python -m tests.show.search --seed N` prints JSON counts. The seed draws the slips: for every Chinese question one
character becomes a random homophone, and the whole is typed in pinyin. Questions: tests/data/README.matters.md.
"""

import argparse
import json
import math
import random
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from importlib import resources
from pathlib import Path
from typing import Any

from api.matters.catalogue.matter import matter_of
from api.matters.search.index import Index, SearchEntry
from api.matters.search.reading import Reader, sound
from api.matters.search.texts import searched_texts

DATA = Path(__file__).parents[1] / "data"
Search = Callable[[str], list[str]]
Question = dict[str, Any]


def read(name: str) -> Any:
    """One of the catalogue's data files."""
    return json.loads(resources.files("api.matters").joinpath("data", name).read_bytes())


def index(without: str = "") -> Index:
    """The search index over the starter catalogue, without the field that is named."""
    lexicon = read("lexicon.json")
    empty: dict[str, list[str]] = {without: []} if without else {}
    matters = [matter_of({**record, **empty}) for record in read("matters.json")]
    said = {} if without == "said" else lexicon["said"]
    texts = [SearchEntry(one.code, searched_texts(one, said.get(one.code, ()))) for one in matters]
    return Index(texts, Reader(lexicon))


def bigrams(text: str) -> list[str]:
    """The pairs of neighbouring characters of a text; the single character if there is only one."""
    close = "".join(text.lower().split())
    return [close[at : at + 2] for at in range(max(1, len(close) - 1))]


def plain(said: dict[str, list[str]]) -> Search:
    """Plain BM25 (k1 1.2, b 0.75) over character bigrams of the catalogue and of `said`."""
    matters = [matter_of(record) for record in read("matters.json")]
    rows = [
        Counter(b for text, _ in searched_texts(one, said.get(one.code, ())) for b in bigrams(text)) for one in matters
    ]
    mean = sum(row.total() for row in rows) / len(rows)
    held = Counter(bigram for row in rows for bigram in row)

    def worth(row: Counter[str], bigram: str) -> float:
        rarity = math.log(1 + (len(rows) - held[bigram] + 0.5) / (held[bigram] + 0.5))
        times = row[bigram]
        return rarity * times * 2.2 / (times + 1.2 * (0.25 + 0.75 * row.total() / mean))

    def search(question: str) -> list[str]:
        asked = set(bigrams(question))
        scores = [(sum(worth(row, b) for b in asked), one.code) for row, one in zip(rows, matters, strict=True)]
        return [code for score, code in sorted(scores, key=lambda pair: -pair[0])[:10] if score > 0]

    return search


def tally(search: Search, questions: Iterable[Question]) -> dict[str, dict[str, int]]:
    """By style and in all: how many questions were asked, and how many had the right matter first or within three."""
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for question in questions:
        found, right = search(question["question"]), {question["code"], *question["also_acceptable"]}
        for style in (question["style"], "all"):
            counts[style]["asked"] += 1
            counts[style]["first"] += bool(found) and found[0] in right
            counts[style]["in_three"] += bool(right.intersection(found[:3]))
    return {style: dict(count) for style, count in counts.items()}


def silent(search: Search, questions: Iterable[Question]) -> dict[str, dict[str, int]]:
    """By style: how many questions about something else were asked, and how many rightly got nothing."""
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for question in questions:
        for style in (question["style"], "all"):
            counts[style]["asked"] += 1
            counts[style]["nothing"] += not search(question["question"])
    return {style: dict(count) for style, count in counts.items()}


def street(half: str) -> tuple[list[Question], list[Question]]:
    """The street questions of a half: those that matters answer, and those about something else."""
    rows = [row for row in json.loads((DATA / "street_questions.json").read_bytes()) if row["half"] == half]
    ours = [
        {
            "question": row["question"],
            "code": row["codes"][0],
            "also_acceptable": row["codes"][1:],
            "style": row["voice"],
        }
        for row in rows
        if row["codes"]
    ]
    return ours, [{**row, "style": row["voice"]} for row in rows if not row["codes"]]


OFFICES = {"police": {"police", "crime", "exit_entry", "traffic"}}
"""Offices by whom a street question is to be asked; all others are reached by 12345."""


def pointed(of: Index, questions: Iterable[Question]) -> dict[str, int]:
    """How many questions about something else get nothing of ours and the right office (12345 where none is named)."""
    counts = Counter[str]()
    for question in questions:
        offices = {one.office for one in of.elsewhere(question["question"])}
        right = bool(offices & OFFICES["police"]) == (question["ask"] == "police")
        counts["asked"] += 1
        counts["pointed"] += right and not of.search(question["question"], 1)
    return dict(counts)


def left_out(field: str, name: str) -> dict[str, dict[str, int]]:
    """Every entry of a catalogue field as a question to an index that has not read that field."""
    search = codes(index(without=field))
    asked = [
        (entry["q"] if field == "faq" else entry, record) for record in read("matters.json") for entry in record[field]
    ]
    questions = [{"question": text, "code": r["code"], "also_acceptable": [], "style": name} for text, r in asked]
    return tally(search, questions)


def misheard(text: str, homophones: dict[str, list[str]], rng: random.Random) -> str:
    """The text with one character as another that sounds the same."""
    places = [at for at, char in enumerate(text) if len(homophones.get(sound(char), ())) > 1]
    if not places:
        return text
    at = rng.choice(places)
    others = [char for char in homophones[sound(text[at])] if char != text[at]]
    return text[:at] + rng.choice(others) + text[at + 1 :]


def slips(questions: Sequence[Question], rng: random.Random) -> list[Question]:
    """Each Chinese question twice: with one character replaced by a homophone, and in pinyin."""
    chars = sorted({char for record in read("matters.json") for char in json.dumps(record, ensure_ascii=False)})
    homophones: dict[str, list[str]] = defaultdict(list)
    for char in chars:
        if sound(char):
            homophones[sound(char)].append(char)
    chinese = [question for question in questions if any(map(sound, question["question"]))]
    heard = [{**q, "question": misheard(q["question"], homophones, rng), "style": "一字同音"} for q in chinese]
    typed = [{**q, "question": " ".join(sound(c) or c for c in q["question"]), "style": "全拼音"} for q in chinese]
    return heard + typed


def codes(of: Index) -> Search:
    """An index as a function from a question to codes."""
    return lambda question: [hit.code for hit in of.search(question, 10)]


def times(search: Search, questions: Sequence[Question]) -> dict[str, float]:
    """Milliseconds of CPU per question."""
    spent = []
    for question in questions:
        begun = time.thread_time()
        search(question["question"])
        spent.append((time.thread_time() - begun) * 1000)
    spent.sort()
    return {"p50": round(spent[len(spent) // 2], 2), "p95": round(spent[int(len(spent) * 0.95)], 2)}


def main() -> None:
    """Print the counts."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, required=True)
    seed = parser.parse_args().seed
    citizen = json.loads((DATA / "citizen_questions.json").read_bytes())
    fresh = json.loads((DATA / "fresh_questions.json").read_bytes())
    half = {name: [q for q in fresh["questions"] if q["half"] == name] for name in ("tuning", "held_out")}
    nothing = {name: [q for q in fresh["nothing"] if q["half"] == name] for name in ("tuning", "held_out")}
    streets = {name: street(name) for name in ("mended", "kept")}
    slipped = slips(citizen + half["held_out"], random.Random(seed))
    ours = codes(index())
    report: dict[str, Any] = {"seed": seed, "ms": times(ours, citizen + fresh["questions"])}
    with_said = plain(read("lexicon.json")["said"])
    for name, search in (("ours", ours), ("bigram_bm25", plain({})), ("bigram_bm25_with_said", with_said)):
        report[name] = {
            "citizen_questions": tally(search, citizen),
            "fresh_tuning": tally(search, half["tuning"]),
            "fresh_held_out": tally(search, half["held_out"]),
            **{f"street_{name}": tally(search, asked) for name, (asked, _) in streets.items()},
            "slips": tally(search, slipped),
            "nothing_tuning": silent(search, nothing["tuning"]),
            "nothing_held_out": silent(search, nothing["held_out"]),
        }
    report["elsewhere"] = {name: pointed(index(), asked) for name, (_, asked) in streets.items()}
    report["left_out"] = {"keywords": left_out("keywords", "keywords")["all"], "faq": left_out("faq", "faq")["all"]}
    without = codes(index(without="said"))
    report["ours_without_said"] = tally(without, citizen + half["held_out"])["all"]
    print(json.dumps(report, ensure_ascii=False, indent=1))


if __name__ == "__main__":
    main()
