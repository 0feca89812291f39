"""Reads a text into weighted features: known words and their meanings, homophones, look-alikes, misspellings.

The lexicon is data (data/lexicon.json); nothing here depends on a matter. Catalogue and questions are read alike.
"""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from pypinyin import Style, lazy_pinyin
from pypinyin.constants import PINYIN_DICT
from rapidfuzz import process
from rapidfuzz.distance import DamerauLevenshtein

from api.matters.search.folding import folded
from api.matters.search.vocabulary import Word, vocabulary

LONGEST = 8
"""The longest word, in characters, that is looked for by sound or shape."""

LONGEST_TEXT = 400
"""How many characters of a question are read; NFKC turns some single characters into many."""

WISHED = 1.3
"""How much more what is wished for weighs than the circumstances that are told before it."""

EXACT, ALONE, HEARD, SEEN, TYPED, BROADER = 1.0, 0.7, 0.85, 0.8, 0.7, 0.6
"""Trust in a match: the word itself, a single character, a homophone, a look-alike, a typing error, a wider meaning."""

PAIR, SOUND_PAIR, LATIN_PAIR, LATIN, ELSEWHERE = 0.4, 0.2, 0.5, 0.7, 2.5
"""Trust in what the lexicon does not know: two characters, two syllables, two in pinyin, a Latin word; and in words
that it knows to be another office's business."""

_HAN = re.compile(r"[\u3400-\u9fff\uf900-\ufaff\U00020000-\U000323af]")
_LATIN = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_TYPO_CUTOFF = 0.78


@dataclass(frozen=True)
class Match:
    """A word found in a text at [start, end), with the trust in it; a `slip` is spelt otherwise than the word."""

    start: int
    end: int
    word: Word
    trust: float
    slip: bool = True


@dataclass(frozen=True)
class Feature:
    """A feature of a text at [start, end): a token to compare by, its weight, and what it was read as."""

    token: str
    weight: float
    start: int
    end: int
    read_as: str


@dataclass(frozen=True)
class Syllable:
    """A syllable at [start, end); `sound` is empty for a character without one, which breaks a run."""

    sound: str
    start: int
    end: int
    latin: bool


class Reader:
    """Reads texts by a lexicon, whose parts are described in data/README.md."""

    def __init__(self, lexicon: Mapping[str, Any]) -> None:
        self._particles = frozenset(lexicon["particles"])
        self.general = frozenset(f"c:{name}" for name, one in lexicon["concepts"].items() if one.get("general"))
        self._wishes = lexicon["wishes"]
        self._fold = str.maketrans(_characters(lexicon["fold"], lexicon["traditional"]))
        self._alike = {char: group[0] for group in lexicon["lookalikes"] for char in group}
        self._broader = {name: entry.get("broader", []) for name, entry in lexicon["concepts"].items()}
        self._words = vocabulary(lexicon, self.normal)
        self._lengths = _lengths(self._words)
        self._english = {word for text in self._words for word in _LATIN.findall(text) if word.isalpha()}
        self._heard: dict[tuple[str, ...], list[Word]] = defaultdict(list)
        self._seen: dict[str, list[Word]] = defaultdict(list)
        self._typed: dict[str, Word] = {}
        for word in self._words.values():
            if not word.derived:
                self._learn(word)
        self._typed_names = list(self._typed)

    def normal(self, text: str) -> str:
        """The text in one form (folding.py), in which features have their places."""
        return folded(text, self._fold)

    def written(self, text: str) -> list[Feature]:
        """The features of a text of the catalogue, which is spelt correctly."""
        normal = self.normal(text)
        return _strongest(self._features(normal, self._syllables(normal), _apart(list(self._exact(normal)))))

    def asked(self, text: str) -> list[Feature]:
        """The features of a question, with homophones, look-alikes and misspellings allowed for."""
        normal = self.normal(text)[:LONGEST_TEXT]
        syllables = self._syllables(normal)
        features = list(self._features(normal, syllables, self._matches(normal, syllables)))
        return _strongest(self._wished(normal, features))

    # -- the lexicon ------------------------------------------------------

    def _learn(self, word: Word) -> None:
        """Index a word by its sound, its shape and its spelling, so that a slip still finds it."""
        if word.kind == "meaning" and word.text.isascii() and len(word.text) > 4:
            self._typed[word.text] = word
        if not all(map(_HAN.match, word.text)):
            return
        self._heard[tuple(_dull(sound(char)) for char in word.text)].append(word)
        if len(word.text) > 1:
            self._seen[self._look(word.text)].append(word)
        if len(word.text) > 2 and word.kind == "meaning":
            self._typed.setdefault("".join(map(sound, word.text)), word)

    def _look(self, text: str) -> str:
        return "".join(self._alike.get(char, char) for char in text)

    # -- finding words ----------------------------------------------------

    def _matches(self, text: str, syllables: list[Syllable]) -> list[Match]:
        """The words of a text without overlaps: of two that overlap, the longer and surer one."""
        spelt = (syllable for syllable in syllables if syllable.latin and syllable.sound)
        pinyin = {place for syllable in spelt for place in range(syllable.start, syllable.end)}
        exact = [match for match in self._exact(text) if match.start not in pinyin]
        firm = {
            place
            for match in exact
            if match.word.kind == "meaning" and match.end - match.start > 1
            for place in range(match.start, match.end)
        }
        matches = [*exact, *self._by_sound(text, syllables, firm), *self._by_shape(text, firm)]
        return _apart([*matches, *self._by_typing(text, pinyin, matches)])

    def _exact(self, text: str) -> Iterator[Match]:
        """Yield at every place the longest word that starts there; Latin ones only as whole words."""
        for start, char in enumerate(text):
            for length in self._lengths.get(char, ()):
                end = start + length
                word = self._words.get(text[start:end])
                if word is not None and end <= len(text) and _whole(text, start, end):
                    alone = length == 1 and word.kind == "meaning"
                    yield Match(start, end, word, ALONE if alone else EXACT, slip=False)
                    break

    def _by_sound(self, text: str, syllables: list[Syllable], firm: set[int]) -> Iterator[Match]:
        """Yield matches of pinyin and of homophones (徐可 for 许可)."""
        edges = {edge for match in _LATIN.finditer(text) for edge in match.span()}
        for run in _runs(syllables):
            start, end = run[0].start, run[-1].end
            for word in self._heard.get(tuple(_dull(syllable.sound) for syllable in run), ()):
                if any(syllable.latin for syllable in run):
                    if _likely_pinyin(word, len(run), text[start:end], inside=not edges.intersection((start, end))):
                        yield Match(start, end, word, HEARD if len(run) > 1 else ALONE)
                elif self._misheard(word, text[start:end]) and not firm & _slips(text, start, word):
                    yield Match(start, end, word, HEARD)

    def _misheard(self, word: Word, heard: str) -> bool:
        """Whether `heard`, a homophone, may be meant for the word: it shares a telling character, or is long."""
        kept = {mine for mine, theirs in zip(heard, word.text, strict=True) if mine == theirs}
        return word.kind == "meaning" and heard != word.text and (len(heard) > 3 or bool(kept - self._particles))

    def _by_shape(self, text: str, firm: set[int]) -> Iterator[Match]:
        """Yield matches of look-alikes (特因 for 特困)."""
        look = self._look(text)
        for start in range(len(text)):
            for end in range(start + 2, min(len(text), start + LONGEST) + 1):
                for word in self._seen.get(look[start:end], ()):
                    slips = _slips(text, start, word)
                    if slips and word.kind == "meaning" and not firm & slips:
                        yield Match(start, end, word, SEEN)

    def _by_typing(self, text: str, pinyin: set[int], matches: list[Match]) -> Iterator[Match]:
        """Yield for Latin words that are neither known nor pinyin the nearest known word."""
        known = {place for match in matches for place in range(match.start, match.end)} | pinyin
        for typed in _LATIN.finditer(text):
            if typed.start() in known or len(typed[0]) < 5:
                continue
            near = process.extractOne(
                typed[0],
                self._typed_names,
                scorer=DamerauLevenshtein.normalized_similarity,
                score_cutoff=_TYPO_CUTOFF,
            )
            if near:
                yield Match(typed.start(), typed.end(), self._typed[near[0]], TYPED)

    # -- features ---------------------------------------------------------

    def _features(self, text: str, syllables: list[Syllable], matches: list[Match]) -> Iterator[Feature]:
        idle, slipped = set[int](), set[int]()
        for match in matches:
            places = range(match.start, match.end)
            if match.word.kind == "filler":
                idle.update(places)
            elif match.slip:
                slipped.update(places)
            yield from self._meant(match)
        yield from _pairs(text, syllables, idle, slipped)
        spelt = {syllable.start for syllable in syllables if syllable.latin and syllable.sound}
        read = idle | slipped | spelt
        for word in _LATIN.finditer(text):
            if word.start() not in read and not word[0].isdigit():
                yield Feature(f"w:{word[0]}", LATIN, word.start(), word.end(), word[0])

    def _meant(self, match: Match) -> Iterator[Feature]:
        word = match.word
        if word.kind == "elsewhere":
            yield Feature(f"e:{word.text}", ELSEWHERE, match.start, match.end, word.meanings[0])
            return
        for name in word.meanings:
            yield Feature(f"c:{name}", match.trust, match.start, match.end, _read_as(match, name))
            for wider in self._broader[name]:
                yield Feature(f"c:{wider}", match.trust * BROADER, match.start, match.end, _read_as(match, wider))

    def _wished(self, text: str, features: list[Feature]) -> list[Feature]:
        """The features, with those after the last wish (想) weighing more: 退休了想开书店 asks about the bookshop."""
        after = max(text.rfind(word) for word in self._wishes)
        if after < 0 or not any(feature.start > after and feature.token.startswith("c:") for feature in features):
            return features
        return [replace(one, weight=one.weight * WISHED) if one.start > after else one for one in features]

    # -- sounds -----------------------------------------------------------

    def _syllables(self, text: str) -> list[Syllable]:
        """The syllables of a text: one per character, several per Latin word where it is pinyin."""
        words = {match.start(): match for match in _LATIN.finditer(text)}
        spelt = {start: _spelt(match[0]) for start, match in words.items() if match[0].isalpha()}
        alone = len(spelt) == 1 and words[next(iter(spelt))][0] in self._english
        all_pinyin = bool(spelt) and all(spelt.values()) and not alone
        out: list[Syllable] = []
        place = 0
        while place < len(text):
            word = words.get(place)
            if word is None:
                if not text[place].isspace():
                    out.append(Syllable(sound(text[place]), place, place + 1, latin=False))
                place += 1
                continue
            parts = spelt.get(place) if all_pinyin or word[0] not in self._english else None
            for part in parts or ("",):
                out.append(Syllable(part, place, place + len(part or word[0]), latin=True))
                place = out[-1].end
        return out


def _characters(fold: Mapping[str, str], traditional: Iterable[str]) -> dict[str, str]:
    """What each character is read as: a traditional one as its simplified one, a dialect one as the standard one."""
    simplified = {char: group[0] for group in traditional for char in group[1:]}
    return {**fold, **{char: fold.get(simple, simple) for char, simple in simplified.items()}}


def _slips(text: str, start: int, word: Word) -> set[int]:
    """Where a text differs from a word of the same length that begins at `start`."""
    return {start + at for at, char in enumerate(word.text) if text[start + at] != char}


def _likely_pinyin(word: Word, syllables: int, typed: str, *, inside: bool) -> bool:
    """Whether pinyin may be meant for the word: short runs inside a longer one, and single ones, are chance.

    So are two syllables typed apart that sound like another office's word, of which a question is to name little else.
    """
    if syllables == 2 and word.kind == "elsewhere" and " " in typed:
        return False
    return word.kind == "filler" if syllables == 1 else syllables > 2 or not inside


def _apart(matches: list[Match]) -> list[Match]:
    """The matches without overlaps: length times trust decides, then a meaning before a filler, then the first."""

    def rank(match: Match) -> tuple[float, bool, int]:
        return (match.start - match.end) * match.trust, match.word.kind == "filler", match.start

    chosen: list[Match] = []
    taken: dict[int, Match] = {}
    for match in sorted(matches, key=rank):
        over = {taken[place] for place in range(match.start, match.end) if place in taken}
        same = all((other.start, other.end, other.trust) == (match.start, match.end, match.trust) for other in over)
        if over and not same:
            continue
        chosen.append(match)
        taken |= dict.fromkeys(range(match.start, match.end), match)
    return chosen


def _strongest(features: Iterable[Feature]) -> list[Feature]:
    """One feature per token, the strongest."""
    strongest: dict[str, Feature] = {}
    for feature in features:
        known = strongest.get(feature.token)
        if known is None or feature.weight > known.weight:
            strongest[feature.token] = feature
    return list(strongest.values())


def _lengths(words: Mapping[str, Word]) -> dict[str, list[int]]:
    """The lengths of words by their first character, longest first."""
    lengths: dict[str, set[int]] = defaultdict(set)
    for text in words:
        lengths[text[0]].add(len(text))
    return {char: sorted(of_char, reverse=True) for char, of_char in lengths.items()}


def _whole(text: str, start: int, end: int) -> bool:
    """Whether [start, end) cuts no Latin word and no number in two."""

    def cut(place: int) -> bool:
        if not 0 < place < len(text):
            return False
        before, after = text[place - 1], text[place]
        return (_is_letter(before) and _is_letter(after)) or (before.isdigit() and after.isdigit())

    return not cut(start) and not cut(end)


def _is_letter(char: str) -> bool:
    return "a" <= char <= "z"


def _runs(syllables: list[Syllable]) -> Iterator[list[Syllable]]:
    """Yield every run of up to LONGEST neighbouring syllables that all have a sound."""
    for start in range(len(syllables)):
        for end in range(start, min(len(syllables), start + LONGEST)):
            if not syllables[end].sound:
                break
            yield syllables[start : end + 1]


def _pairs(text: str, syllables: list[Syllable], idle: set[int], slipped: set[int]) -> Iterator[Feature]:
    """Yield pairs of neighbouring characters and syllables, for what the lexicon does not know."""
    for first, second in zip(syllables, syllables[1:], strict=False):
        if not first.sound or not second.sound or first.start in idle or second.start in idle:
            continue
        pair = text[first.start : second.end]
        latin = first.latin or second.latin
        if not latin and first.end == second.start and not slipped.intersection((first.start, second.start)):
            yield Feature(f"b:{pair}", PAIR, first.start, second.end, pair)
        token = f"p:{_dull(first.sound)} {_dull(second.sound)}"
        yield Feature(token, LATIN_PAIR if latin else SOUND_PAIR, first.start, second.end, pair)


def _read_as(match: Match, meaning: str) -> str:
    """What a match is shown as: the corrected word where it was a slip, else its meaning."""
    return match.word.text if match.slip else meaning


@cache
def sound(char: str) -> str:
    """The commonest reading of a character in pinyin without its tone; empty where it has none."""
    return lazy_pinyin(char, style=Style.NORMAL)[0] if _HAN.match(char) and ord(char) in PINYIN_DICT else ""


@cache
def _dull(sound: str) -> str:
    """A syllable with similar sounds merged: zh as z, ing as in, ü as u."""
    blunt = sound.replace("zh", "z").replace("ch", "c").replace("sh", "s").replace("v", "u")
    return blunt.removesuffix("g") if blunt.endswith("ng") else blunt


@cache
def _known_syllables() -> frozenset[str]:
    """The toneless syllables of Mandarin, with lü and nü as keyboards write them."""
    plain = (_toneless(readings.split(",")[0]) for readings in PINYIN_DICT.values())
    return frozenset({"lv", "nv", "lve", "nve", *plain} - {"", "o", "m", "n", "ng", "hm", "hng"})


def _toneless(reading: str) -> str:
    bare = unicodedata.normalize("NFD", reading).replace("u\u0308", "v")
    plain = "".join(char for char in bare if char.isascii())
    return plain if plain.isalpha() else ""


def _spelt(word: str) -> tuple[str, ...] | None:
    """A Latin word split into the fewest pinyin syllables; None where it is no pinyin."""
    best: list[tuple[str, ...] | None] = [(), *[None] * len(word)]
    for start in range(len(word)):
        before = best[start]
        if before is None:
            continue
        for end in range(start + 1, min(len(word), start + 6) + 1):
            known = best[end]
            if word[start:end] in _known_syllables() and (known is None or len(known) > len(before) + 1):
                best[end] = (*before, word[start:end])
    return best[-1]
