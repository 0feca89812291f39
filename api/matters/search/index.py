"""The search index: which matters a question in people's own words is about, and why. Pure; held in memory.

BM25 (Robertson and Zaragoza 2009) over what texts mean rather than over their letters alone: reading.py turns the
catalogue and the question into weighted features, and a rare feature counts for more than a common one.
"""

import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from api.matters.search.reading import Feature, Reader

SATURATION, LENGTH = 3.6, 0.3
"""BM25's k1, in units of field weight, and b."""

LEAST_SCORE, LEAST_SHARE, NEAR_BEST = 1.2, 0.1, 0.3
"""Below these nothing fits: the best matter's score, its share of what the question says, others' against it."""

NOT_OURS_SHARE = 0.3
"""The share that is needed where the question names what another office does (护照, 驾照)."""


@dataclass(frozen=True)
class Entry:
    """What is searched of one matter: texts with the weight of their field."""

    code: str
    texts: Sequence[tuple[str, float]]


@dataclass(frozen=True)
class Hit:
    """A matter that fits: `score` is the share of the question that it explains, 0 to 1; `why` says by what."""

    code: str
    score: float
    why: str


@dataclass(frozen=True)
class Posting:
    """Where a token stands: matters by position, and what it is worth there (saturation times rarity)."""

    at: np.ndarray
    worth: np.ndarray
    rarity: float


class Index:
    """An immutable index over the catalogue; a change of the catalogue builds a new one."""

    def __init__(self, entries: Sequence[Entry], reader: Reader) -> None:
        self._reader = reader
        self._codes = [entry.code for entry in entries]
        self._unknown = _rarity(0.0, len(entries))
        self._postings = _postings([_weights(entry, reader) for entry in entries])

    def search(self, question: str, limit: int) -> list[Hit]:
        """The matters that fit, best first; none where nothing does."""
        features = self._reader.asked(question)
        scores, whole = np.zeros(len(self._codes)), 0.0
        for feature in features:
            posting = self._postings.get(feature.token)
            whole += feature.weight * (posting.rarity if posting else self._unknown)
            if posting:
                scores[posting.at] += feature.weight * posting.worth
        order = np.argsort(-scores, kind="stable")[:limit]
        if not len(order) or not self._fits(float(scores[order[0]]), whole, features):
            return []
        least = NEAR_BEST * scores[order[0]]
        return [
            Hit(self._codes[at], round(float(scores[at]) / whole, 3), self._why(question, features, int(at)))
            for at in order
            if scores[at] >= least
        ]

    def _fits(self, best: float, whole: float, features: list[Feature]) -> bool:
        not_ours = any(feature.token.startswith("e:") for feature in features)
        return best >= LEAST_SCORE and best / whole >= (NOT_OURS_SHARE if not_ours else LEAST_SHARE)

    def _why(self, question: str, features: list[Feature], at: int) -> str:
        """The three words that told most, as they were said and, where they differ, as they were understood."""
        told = []
        for feature in features:
            posting = self._postings.get(feature.token)
            worth = float(posting.worth[posting.at == at].sum()) if posting else 0.0
            if worth:
                told.append((feature.weight * worth, feature))
        parts: list[str] = []
        used: set[int] = set()
        text = self._reader.normal(question)
        for _, feature in sorted(told, key=lambda pair: -pair[0]):
            places = set(range(feature.start, feature.end))
            if len(parts) == 3 or places & used:
                continue
            used |= places
            said = text[feature.start : feature.end].strip()
            parts.append(f"“{said}”" if said == feature.read_as else f"“{said}”({feature.read_as})")
        return f"按{'、'.join(parts)}找到"


def _weights(entry: Entry, reader: Reader) -> dict[str, float]:
    """How strongly a matter says each token."""
    weights: dict[str, float] = defaultdict(float)
    for text, weight in entry.texts:
        for feature in reader.written(text):
            weights[feature.token] += weight * feature.weight
    return weights


def _rarity(matters: float, of: int) -> float:
    """BM25's inverse document frequency."""
    return math.log(1 + (of - matters + 0.5) / (matters + 0.5))


def _postings(rows: Sequence[dict[str, float]]) -> dict[str, Posting]:
    """The inverted index. A matter that says a token only faintly counts for a part of a matter."""
    lengths = [sum(row.values()) for row in rows]
    mean = sum(lengths) / len(rows) if rows else 1.0
    places: dict[str, list[tuple[int, float]]] = defaultdict(list)
    for at, row in enumerate(rows):
        damping = SATURATION * (1 - LENGTH + LENGTH * lengths[at] / mean)
        for token, weight in row.items():
            places[token].append((at, weight / (weight + damping)))
    postings = {}
    for token, pairs in places.items():
        rarity = _rarity(sum(min(1.0, rows[at][token]) for at, _ in pairs), len(rows))
        worth = np.array([share for _, share in pairs]) * rarity
        postings[token] = Posting(np.array([at for at, _ in pairs]), worth, rarity)
    return postings
