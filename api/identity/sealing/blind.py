"""Blind indexes: HMACs of texts under a chain of index keys, so that a stored one is raised under a new key without its
text.

The key files are `index.key`, then `index-2.key`, `index-3.key` …; none ever retires. An index at stage 1 is the HMAC
of a text under the first key; one at stage n is the HMAC, under key n, of that at stage n - 1, and begins with `n:`. So
whoever came by the older keys alone can compute no index that is at the newest stage.

While a rotation runs (`index_rotation.py`), a stored value is a list: the index at the floor, the oldest stage that is
still looked up, and those at later stages up to the newest. Otherwise it is one text.
"""

import hmac
import re
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path

FORM = re.compile(r"(?:([2-9]|[1-9][0-9]+):)?[0-9a-f]{64}")
Stored = str | list[str]
"""A blind index as it is stored: one text, or those at several stages."""


class IndexKeysBroken(ValueError):
    """A key of the chain is missing, so that no index can be computed."""


def read_chain(folder: Path) -> tuple[bytes, ...]:
    """The index keys of a folder, the first one first. Raises IndexKeysBroken if there is a gap, OSError if none."""
    later = {int(path.stem.removeprefix("index-")): path for path in folder.glob("index-*.key")}
    if sorted(later) != list(range(2, len(later) + 2)):
        missing = next(n for n in range(2, max(later) + 1) if n not in later)
        raise IndexKeysBroken(f"index-{missing}.key is missing in {folder}")
    paths = [folder / "index.key", *(later[n] for n in sorted(later))]
    return tuple(bytes.fromhex(path.read_text()) for path in paths)


def stage_of(index: str) -> int | None:
    """The stage of a blind index, or None where the text is none."""
    match = FORM.fullmatch(index)
    return int(match[1] or 1) if match else None


def raised(index: str, stage: int, chain: Sequence[bytes]) -> str:
    """The index of the same text at a later stage; the same where it is there already, or is no index."""
    own = stage_of(index)
    for n in range(own or stage, stage):
        index = f"{n + 1}:{hmac.digest(chain[n], index.encode(), sha256).hex()}"
    return index


def of_text(kind: str, text: str, stage: int, chain: Sequence[bytes]) -> str:
    """The index of a text at a stage: equal texts of one kind have equal indexes, which reveal nothing else."""
    return raised(hmac.digest(chain[0], f"{kind}:{text}".encode(), sha256).hex(), stage, chain)


def widened(stored: Stored, floor: int, chain: Sequence[bytes]) -> Stored:
    """What is to be stored while a rotation runs: the index at each stage from the floor to the newest."""
    lowest = lowest_of(stored)
    if stage_of(lowest) is None:
        return stored
    stages = [raised(lowest, stage, chain) for stage in range(max(floor, stage_of(lowest) or 0), len(chain) + 1)]
    return stages if len(stages) > 1 else stages[0]


def settled(stored: Stored, floor: int, chain: Sequence[bytes]) -> str:
    """The index at the floor, by which everything is looked up."""
    values = [stored] if isinstance(stored, str) else stored
    at_floor = [value for value in values if stage_of(value) == floor]
    return at_floor[0] if at_floor else raised(lowest_of(stored), floor, chain)


def lowest_of(stored: Stored) -> str:
    """The index at the oldest of the stages that are stored."""
    return stored if isinstance(stored, str) else min(stored, key=lambda value: stage_of(value) or 0)
