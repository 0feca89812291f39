"""What people write: which signs say nothing or turn the line around, and what is left without them.

The page applies the same rule (`api/pages/src/shared/typed.js`), and so does the chat, which imports nothing of ours
(`chat/talk/message_kinds.py`); all three are tested by the rows of `tests/data/typed_cases.json`. Categories and
properties: Unicode Standard, UAX #9 (direction) and `Default_Ignorable_Code_Point`.
"""

import re
import unicodedata
from collections.abc import Iterable
from typing import Any

DROPPED = re.compile("[\u00ad\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]")
"""Marks of direction, and invisible ones that no script needs. Joiners and variation selectors stay: they choose how a
sign looks."""

HOLLOW = re.compile(
    "[\\s\x00-\x1f\x7f-\xa0\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202f\u205f-\u206f"
    "\u2800\u3000\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\U000e0000-\U000e0fff]*"
)
"""Signs of which a text consists that shows nothing."""

MARKS = re.compile("[\\s\\-._·\u2010-\u2015\u2212\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")
"""Blanks and marks by which people cut a number into pieces."""

SECRETS = frozenset({"password", "old", "new"})
"""Fields whose signs are kept as they are."""


MOST_REPEATED, MOST_LISTED = 40, 5


def written(text: str) -> str:
    """A text without marks of direction and needless invisible ones; "" if nothing of it can be seen."""
    kept = text if text.isascii() else DROPPED.sub("", text)
    return "" if HOLLOW.fullmatch(kept) else kept


def asked(text: str) -> str:
    """A text of a query without marks of direction and needless invisible ones; a blank if there is nothing else."""
    return text if text.isascii() else DROPPED.sub("", text) or " "


def one_line(text: str) -> str:
    """As `written`, on one line: every blank is a plain one, none is outside or doubled."""
    return re.sub(r"\s+", " ", written(text)).strip()


def bare(text: str) -> str:
    """A number or code as it is meant: without blanks and marks, in plain signs (NFKC)."""
    return unicodedata.normalize("NFKC", MARKS.sub("", unicodedata.normalize("NFKC", text)))


def shortened(text: str) -> str:
    """What somebody wrote, as a refusal repeats it: on one line, cut where it is long."""
    line = one_line(text)
    return line if len(line) <= MOST_REPEATED else f"{line[:MOST_REPEATED]}…"


def listed(names: Iterable[str]) -> str:
    """Names that somebody wrote, as a refusal repeats them: the first few, each as `shortened`."""
    every = [shortened(name) for name in names]
    return "、".join(every[:MOST_LISTED]) + ("…" if len(every) > MOST_LISTED else "")


def written_json(value: Any, key: str = "") -> Any:
    """JSON from outside with each of its texts as `written`, except secrets."""
    if isinstance(value, str):
        return value if key in SECRETS else written(value)
    if isinstance(value, dict):
        return {name: written_json(inner, name) for name, inner in value.items()}
    if isinstance(value, list):
        return [written_json(inner, key) for inner in value]
    return value
