"""The words that the lexicon names, and how they are split (离了婚 for 离婚) or counted (今年八十一 for 高龄)."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

Kind = Literal["meaning", "filler", "elsewhere"]

_DIGITS = "零一二三四五六七八九"


@dataclass(frozen=True)
class Word:
    """A word of the lexicon with its meanings; of a word that is another office's business, the key of that office.

    `derived` is one that the lexicon does not write out; it is recognised only as it is, not where it is misspelt.
    """

    text: str
    kind: Kind
    meanings: tuple[str, ...] = ()
    derived: bool = False


def vocabulary(lexicon: Mapping[str, Any], normal: Callable[[str], str]) -> dict[str, Word]:
    """The words by normal form; a meaning wins over another office's, that over a filler; a word may mean several."""
    words = {
        normal(text): Word(normal(text), "filler")
        for text in (*lexicon["particles"], *lexicon["fillers"], *lexicon["english_fillers"])
    }
    for office, entry in lexicon["elsewhere"].items():
        words |= {normal(text): Word(text, "elsewhere", (office,)) for text in entry["words"]}
    meanings: dict[str, list[str]] = defaultdict(list)
    for name, entry in lexicon["concepts"].items():
        for text in entry["words"]:
            meanings[normal(text)].append(name)
    words |= {text: Word(text, "meaning", tuple(names)) for text, names in meanings.items()}
    derived = {
        normal(text): Word(normal(text), "meaning", tuple(names), derived=True)
        for text, names in (*_split(lexicon["separable"], meanings), *_aged(lexicon["ages"]))
    }
    return derived | words


def _split(separable: Mapping[str, list[str]], meanings: Mapping[str, list[str]]) -> Iterator[tuple[str, list[str]]]:
    """Yield the forms of verbs that take something between verb and object (离合词), with the meanings of the whole."""
    for word in separable["words"]:
        for form in separable["forms"]:
            yield form.format(v=word[0], o=word[1:]), meanings[word]


def _aged(ages: Mapping[str, Any]) -> Iterator[tuple[str, list[str]]]:
    """Yield the ways to tell an age, in figures and in characters, with what an age of that span is asked for."""
    for span in ages["of"]:
        for age in range(span["from"], span["to"] + 1):
            for number in (str(age), _in_characters(age)):
                for before in ages["before"]:
                    for after in ages["after"]:
                        if before or after:
                            yield f"{before}{number}{after}", span["meanings"]


def _in_characters(number: int) -> str:
    """A number from 10 to 109 as it is said: 八十一, 一百零五."""
    if number >= 100:
        return "一百" + (f"零{_DIGITS[number % 10]}" if number > 100 else "")
    tens, units = divmod(number, 10)
    return f"{_DIGITS[tens] if tens > 1 else ''}十{_DIGITS[units] if units else ''}"
