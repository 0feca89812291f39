"""Brings the ways to write one text into one form: width, case, white space, invisible marks, variant characters."""

import re
import unicodedata
from collections.abc import Mapping

_INVISIBLE = re.compile("[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\ufe00-\ufe0f\U000e0100-\U000e01ef]")
"""What is ignorable and no format character (UAX 44, Default_Ignorable_Code_Point): selectors, joiners, fillers."""

_BRAILLE_BLANK = "\u2800"
_NEEDLESS_SPACE = re.compile("(?<![a-z0-9]) | (?![a-z0-9])")


def folded(text: str, characters: Mapping[int, str]) -> str:
    """The text in NFKC and lower case, with these characters replaced, and white space only between Latin words.

    White space means nothing beside a Chinese character: 老年 证 is 老年证. Invisible marks and controls are removed.
    """
    plain = unicodedata.normalize("NFKC", text).lower().replace(_BRAILLE_BLANK, " ")
    visible = "".join(char for char in _INVISIBLE.sub("", plain) if char.isspace() or not _is_control(char))
    return _NEEDLESS_SPACE.sub("", " ".join(visible.split())).translate(characters)


def _is_control(char: str) -> bool:
    return unicodedata.category(char) in ("Cc", "Cf")
