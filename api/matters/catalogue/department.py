"""Departments (部门): their codes and names, and which of them a text names."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

ENDS = "(（、,，;；"
"""Characters that may follow a department's name in a text: a note in brackets, or further departments."""


@dataclass(frozen=True)
class Department:
    """A department; `also` are other names for it, or names of its offices. `is_government`: the district's own, whose
    head approves what the law leaves to the government (行政许可法 第42条 第2款)."""

    code: str
    name: str
    also: tuple[str, ...] = ()
    is_government: bool = False


class Departments:
    """The departments of the district, by code; immutable."""

    def __init__(self, rows: Iterable[Mapping[str, Any]]) -> None:
        self._all = {
            row["id"]: Department(row["id"], row["name"], tuple(row.get("also", ())), row.get("government", False))
            for row in rows
        }
        self._named = {
            name: department.code for department in self._all.values() for name in (department.name, *department.also)
        }

    def __contains__(self, code: object) -> bool:
        return code in self._all

    def codes(self) -> list[str]:
        """Every code, in order."""
        return sorted(self._all)

    def is_government(self, code: str | None) -> bool:
        """Whether this is the government of the district."""
        department = self._all.get(code or "")
        return department is not None and department.is_government

    def name(self, code: str) -> str:
        """The name of a department; the code itself where it is unknown."""
        department = self._all.get(code)
        return department.name if department else code

    def named_in(self, text: str) -> str | None:
        """The code of the department whose name a text begins with, the longest such name winning; or None."""
        fits = [
            name for name in self._named if text.startswith(name) and text[len(name) : len(name) + 1] in ("", *ENDS)
        ]
        return self._named[max(fits, key=len)] if fits else None
