"""The rules of departments (部门): their codes, and which of them a text names."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

ENDS = "(（、,，;；"
"""What may follow a department's name where a text says more: a note in brackets, or who else takes part."""


@dataclass(frozen=True)
class Department:
    """One department; `also` are other names that texts use for it, or for an office of its own."""

    code: str
    name: str
    also: tuple[str, ...] = ()


class Departments:
    """All departments of the district, by code. Never changed."""

    def __init__(self, rows: Iterable[Mapping[str, Any]]) -> None:
        self._all = {row["id"]: Department(row["id"], row["name"], tuple(row.get("also", ()))) for row in rows}
        self._named = {name: one.code for one in self._all.values() for name in (one.name, *one.also)}

    def __contains__(self, code: object) -> bool:
        return code in self._all

    def codes(self) -> list[str]:
        """Every code, in order."""
        return sorted(self._all)

    def name(self, code: str) -> str:
        """The name of a department; the code itself where there is none (any more)."""
        found = self._all.get(code)
        return found.name if found else code

    def named_in(self, text: str) -> str | None:
        """The code of the department that a text names first (it leads), or None: by whole names, the longest wins."""
        fits = [
            name for name in self._named if text.startswith(name) and text[len(name) : len(name) + 1] in ("", *ENDS)
        ]
        return self._named[max(fits, key=len)] if fits else None
