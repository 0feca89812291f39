"""The rules of migrations: the version of each collection, its upgrades, and which stores this release can use.

Expand and contract: an upgrade of a collection first adds fields, so that both the older and the newer release can read
the documents; once no process of an older release runs, it removes the fields that nothing reads any more.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from api.refusals import CannotStart

Document = dict[str, Any]


class NewerStore(CannotStart):
    """The documents were written by a later release than this one."""


class MigrationFailed(CannotStart):
    """A document could not be migrated, or another process has been migrating for too long."""


def without_keys(record: str, field: str, text: str) -> str:
    """The `seal` of somebody who has no keys. Raises MigrationFailed."""
    raise MigrationFailed(f"{record}:{field} cannot be sealed without the keys. Set CIRCLE_KEYS to their folder.")


@dataclass(frozen=True)
class MigrationStep:
    """One upgrade of a collection: the version it leads to, the fields it sets, and those it removes at the end."""

    collection: str
    to: int
    expand: Callable[[Document], Document]
    drop: tuple[str, ...]


class Shape:
    """The version of each collection that a release writes: 1, and 1 more per upgrade.

    `upcast` are the versions of collections whose documents are not migrated but converted when read (case_actions).
    """

    def __init__(
        self,
        release: str,
        upgrades: Iterable[tuple[str, Callable[[Document], Document], tuple[str, ...]]],
        upcast: Mapping[str, int],
    ) -> None:
        self.release = release
        self.steps: list[MigrationStep] = []
        seen: Counter[str] = Counter()
        for collection, expand, drop in upgrades:
            seen[collection] += 1
            self.steps.append(MigrationStep(collection, seen[collection] + 1, expand, drop))
        self.versions: dict[str, int] = {**upcast, **{step.collection: step.to for step in self.steps}}

    def require_readable(self, there: Mapping[str, int]) -> None:
        """Raises NewerStore where a collection is at a version that this release does not know."""
        newer = sorted(name for name, version in there.items() if version > self.versions.get(name, 1))
        if newer:
            raise NewerStore(
                f"The store was brought forward by a newer release than this one ({self.release}): "
                f"{', '.join(newer)}. Install that release or a later one, or restore a backup that was made before."
            )
