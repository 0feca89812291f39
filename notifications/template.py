"""A template of a notice: one version of the words for one occasion, in Chinese and English."""

from dataclasses import dataclass
from string import Formatter


@dataclass(frozen=True)
class Words:
    """The words of a template in one language, with places for values."""

    sms: str
    title: str
    text: str


@dataclass(frozen=True)
class Template:
    """One version of the words for one occasion, such as `case_accepted`."""

    name: str
    version: int
    zh: Words
    en: Words

    @property
    def needs(self) -> frozenset[str]:
        """The names of the values it needs."""
        parts = (part for words in (self.zh, self.en) for part in (words.sms, words.text))
        return frozenset().union(*map(values_in, parts)) - {"at"}

    def words(self, language: str) -> Words:
        """The words of a language; Chinese for any other."""
        return self.en if language == "en" else self.zh


def values_in(pattern: str) -> set[str]:
    """The names of the values for which a pattern has places."""
    return {name for _, name, _, _ in Formatter().parse(pattern) if name}
