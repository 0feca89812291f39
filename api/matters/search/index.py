"""The search index, held in memory: which matters a question in people's own words is about, and by which words.

BM25 (Robertson and Zaragoza 2009) over weighted features, into which reading.py turns the catalogue and the question
alike: meanings of words first, characters and sounds for the rest.
"""

import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from api.matters.search.reading import Feature, Reader

SATURATION, LENGTH = 3.6, 0.3
"""BM25's k1, in units of field weight, and b."""

LEAST_SCORE, LEAST_SHARE, NEAR_BEST = 1.2, 0.1, 0.35
"""Cut-offs: the best matter's score, its share of the question's weight, other matters' scores relative to the best."""

LEAST_TELLING, GENERAL_SHARE = 0.05, 0.4
"""Where the best matter's share without general meanings (丢了, 登记) is below the first, the second is LEAST_SHARE:
钥匙丢了 is no matter."""

NOT_OURS_SHARE = 0.3
"""LEAST_SHARE for a question that names what another office does (护照, 驾照)."""

OURS = 6.0
"""A matter in which what another office does weighs as much, because its name or keywords have it, makes it ours."""


@dataclass(frozen=True)
class SearchEntry:
    """The texts of a matter that are searched, each with the weight of its field."""

    code: str
    texts: Sequence[tuple[str, float]]


@dataclass(frozen=True)
class Hit:
    """A result: `score` is the share of the question that the matter explains, 0 to 1; `why` names the words."""

    code: str
    score: float
    why: str


@dataclass(frozen=True)
class Referral:
    """A word of a question that is another office's business: the word as written, the key of the office."""

    word: str
    office: str


@dataclass(frozen=True)
class Posting:
    """The postings of a token: positions of matters (`at`), its BM25 score in each (`worth`), its rarity (IDF)."""

    at: np.ndarray
    worth: np.ndarray
    rarity: float


class Index:
    """An immutable index over the catalogue; a change of the catalogue builds a new one."""

    def __init__(self, entries: Sequence[SearchEntry], reader: Reader) -> None:
        self._reader = reader
        self._codes = [entry.code for entry in entries]
        self._unknown = _rarity(0.0, len(entries))
        rows = [_weights(entry, reader) for entry in entries]
        self._postings = _postings(rows)
        self._ours = {token for row in rows for token, weight in row.items() if _foreign(token) and weight >= OURS}

    def search(self, question: str, limit: int) -> list[Hit]:
        """The matters that fit, best first; empty where none does."""
        features = self._reader.asked(question)
        general = {
            place for one in features if one.token in self._reader.general for place in range(one.start, one.end)
        }
        scores, telling, whole = np.zeros(len(self._codes)), np.zeros(len(self._codes)), 0.0
        for feature in features:
            posting = self._postings.get(feature.token)
            whole += feature.weight * (posting.rarity if posting else self._unknown)
            if posting:
                scores[posting.at] += feature.weight * posting.worth
                if not general.issuperset(range(feature.start, feature.end)):
                    telling[posting.at] += feature.weight * posting.worth
        order = np.argsort(-scores, kind="stable")[:limit]
        if not len(order) or scores[order[0]] < max(LEAST_SCORE, self._least(telling[order[0]], whole, features)):
            return []
        least = NEAR_BEST * scores[order[0]]
        return [
            Hit(self._codes[at], round(float(scores[at]) / whole, 3), self._why(question, features, int(at)))
            for at in order
            if scores[at] >= least
        ]

    def elsewhere(self, question: str) -> list[Referral]:
        """What of the question is another office's business, each office once, in the order of the question."""
        text = self._reader.normal(question)
        features = [one for one in self._reader.asked(question) if _foreign(one.token) and one.token not in self._ours]
        by_office: dict[str, Referral] = {}
        for one in sorted(features, key=lambda feature: feature.start):
            by_office.setdefault(one.read_as, Referral(text[one.start : one.end].strip(), one.read_as))
        return list(by_office.values())

    def _least(self, telling: float, whole: float, features: list[Feature]) -> float:
        """The least score of a best matter that scores `telling` without general meanings."""
        shares = [LEAST_SHARE]
        if telling < LEAST_TELLING * whole:
            shares.append(GENERAL_SHARE)
        if any(_foreign(feature.token) and feature.token not in self._ours for feature in features):
            shares.append(NOT_OURS_SHARE)
        return max(shares) * whole

    def _why(self, question: str, features: list[Feature], at: int) -> str:
        """The three words that contributed most, as written in the question and, if different, as they were read."""
        contributions = []
        for feature in features:
            posting = self._postings.get(feature.token)
            worth = float(posting.worth[posting.at == at].sum()) if posting else 0.0
            if worth:
                contributions.append((feature.weight * worth, feature))
        parts: list[str] = []
        used: set[int] = set()
        text = self._reader.normal(question)
        for _, feature in sorted(contributions, key=lambda pair: -pair[0]):
            places = set(range(feature.start, feature.end))
            if len(parts) == 3 or places & used:
                continue
            used |= places
            word = text[feature.start : feature.end].strip()
            parts.append(f"“{word}”" if word == feature.read_as else f"“{word}”({feature.read_as})")
        return f"按{'、'.join(parts)}找到"


def _foreign(token: str) -> bool:
    return token.startswith("e:")


def _weights(entry: SearchEntry, reader: Reader) -> dict[str, float]:
    """The weight of each token in a matter's texts."""
    weights: dict[str, float] = defaultdict(float)
    for text, weight in entry.texts:
        for feature in reader.written(text):
            weights[feature.token] += weight * feature.weight
    return weights


def _rarity(matters: float, of: int) -> float:
    """BM25's inverse document frequency of a token that is in `matters` of `of`."""
    return math.log(1 + (of - matters + 0.5) / (matters + 0.5))


def _postings(rows: Sequence[dict[str, float]]) -> dict[str, Posting]:
    """The inverted index. For a token's rarity, a matter in which it weighs less than 1 counts as that part of one."""
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
