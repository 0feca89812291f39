"""How to call each route so that whoever may is let through: one file per room, each with its `CALLS`.

A route that is in none of them needs nothing but its path.
"""

from importlib import import_module
from pathlib import Path

from tests.access.calls.how import Calls

CALLS: Calls = {}
for file in sorted(Path(__file__).parent.glob("[a-z]*.py")):
    if file.stem != "how":
        room = import_module(f"{__name__}.{file.stem}")
        twice = CALLS.keys() & room.CALLS.keys()
        assert not twice, f"{file.name} says how {twice} are called, and another file does too"
        CALLS |= room.CALLS
