"""What a district must still confirm: the list that `circle check` prints, from the snapshots in memory."""

from collections.abc import Container, Iterable, Mapping
from datetime import date
from typing import Any

from api.circle.point import ServicePoint

Open = dict[str, list[str]]


def open_questions(
    points: Iterable[ServicePoint],
    matters: Iterable[Mapping[str, Any]],
    strays: Iterable[Mapping[str, Any]],
    contradictions: list[str],
    drafts: list[str],
    known_years: Container[int],
    today: date,
) -> Open:
    """What the district must still confirm or correct, by heading, one line each (a point, matter, draft or year)."""
    placed, entries = list(points), list(matters)
    return {
        "points without a surveyed position": [f"{p.id} {p.name}" for p in placed if not p.confirmed or not p.position],
        "points without confirmed hours": [f"{p.id} {p.name}" for p in placed if not p.hours_confirmed],
        "matters with unverified fields": [
            f"{m['code']} {m['name']}: {', '.join(m['unverified'])}" for m in entries if m["unverified"]
        ],
        "matters whose department is not in departments.json": [
            f"{m['code']} {m['name']}: {m['department']}" for m in strays
        ],
        "matters that contradict themselves or the law": contradictions,
        "matters as this project wrote them, not yet published by the district": [
            f"{m['code']} {m['name']}" for m in entries if not m.get("published")
        ],
        "drafts of matters that nobody has published": drafts,
        "years without an announced calendar": [
            str(year) for year in (today.year, today.year + 1) if year not in known_years
        ],
    }
