"""Checks for what is easily forgotten when a room is added; each gives one line per fault: what to do, and where.

The checks take what they look at as arguments, so that a test can hand them something wrong.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

ROOT = Path(__file__).parents[2]
ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def store_modules() -> list[ModuleType]:
    """Every `store.py` of the tree."""
    files = [path for top in ("api", "chat", "notifications") for path in sorted((ROOT / top).rglob("store.py"))]
    files = [path for path in files if "node_modules" not in path.parts]
    return [import_module(".".join(path.relative_to(ROOT).with_suffix("").parts)) for path in files]


def left_out_stores(modules: Iterable[ModuleType], assembled: Mapping[str, list[Any]]) -> list[str]:
    """Stores whose INDEXES, SEALED or UPGRADES the assembly does not know."""
    wrong = []
    for module in modules:
        package = module.__name__.partition(".")[0]
        where = "STORES in api/office.py" if package == "api" else f"the list in {package}/__init__.py"
        for name, known in assembled.items():
            if any(line not in known for line in getattr(module, name, ())):
                wrong.append(f"{module.__name__}: its {name} are not assembled; add the module to {where}")
    return wrong


def unmade(before: Iterable[str], after: Iterable[str], excepted: Mapping[str, str]) -> list[str]:
    """Collections that were made while the office ran: on the embedded store all must be made at the start."""
    return [
        f"{name} is first made by a request: give it an index in INDEXES of its store.py, and its store a place in "
        "STORES of api/office.py"
        for name in sorted(set(after) - set(before) - set(excepted))
    ]


def without_version(rows: Iterable[tuple[str, Mapping[str, Any]]], excepted: Mapping[str, str]) -> list[str]:
    """Collections with documents that lack `v`."""
    lacking = {name for name, row in rows if "v" not in row and name not in excepted}
    return [
        f'{name}: a document without its version; write `"v": 1` where its store adds it' for name in sorted(lacking)
    ]


def holding(rows: Iterable[tuple[str, Any]], person: str) -> set[str]:
    """The fields (`collection.path`) that hold the id of a person."""
    return {f"{name}.{path}" for name, row in rows for path, text in texts(row) if person in text}


def undeclared_personal(fields: Iterable[str]) -> list[str]:
    """What to do about fields that hold a citizen's id, and that api/own_data.py does not name."""
    return [
        f"{field} holds a citizen's id: add a Section to SECTIONS in api/own_data.py, which exports and forgets it, or "
        "say in ELSEWHERE there why not"
        for field in fields
    ]


def empty_sections(exported: Mapping[str, Any], holds: Mapping[str, Iterable[str]], held: set[str]) -> list[str]:
    """Sections of an export with nothing in them, though the store has rows of this citizen."""
    return [
        f"the export has nothing under `{name}`, though {', '.join(sorted(held & set(fields)))} hold this citizen's "
        "id: mend its `export` in api/own_data.py"
        for name, fields in holds.items()
        if held & set(fields) and not exported.get(name)
    ]


def undecided(sections: Iterable[Any]) -> list[str]:
    """Sections of the export that say neither how they are forgotten nor why they stay, or both."""
    return [
        f"the Section `{section.name}` of api/own_data.py must have either a `forget` or a reason in `kept`"
        for section in sections
        if (section.forget is None) != bool(section.kept)
    ]


def unsealed(rows: Iterable[tuple[str, Any]], written: Iterable[str], excepted: Mapping[str, str]) -> list[str]:
    """Fields in which the words that a citizen wrote can be read in the store."""
    words = list(written)
    readable = {
        f"{name}.{path}" for name, row in rows for path, text in texts(row) if any(word in text for word in words)
    }
    return [
        f"{field} keeps what a citizen wrote as plain text: seal it and list it in SEALED of its store.py, or say in "
        "PLAIN of tests/access/test_forgotten.py why not"
        for field in sorted(readable - set(excepted))
    ]


def unlisted_seals(fields: Iterable[str]) -> list[str]:
    """What to do about fields that are sealed and that no store lists."""
    return [
        f"{field} is sealed and not listed: the rotation of keys needs it in SEALED of its store.py" for field in fields
    ]


def unrecorded(looks: Mapping[str, int], excepted: Mapping[str, str]) -> list[str]:
    """Routes by which staff read and of which the audit has no line; `looks` is the number of lines by path."""
    return [
        f"GET {path}: a member of staff looked, and the audit has no line of it; call `record` in the service, or say "
        "in UNRECORDED of tests/access/test_forgotten.py why not"
        for path, lines in looks.items()
        if not lines and path not in excepted
    ]


def shared_lists(lists: Mapping[str, tuple[list[Any], list[Any]]]) -> list[str]:
    """Citizens' lists that are empty, or that show another citizen what is the owner's; `lists` is (the owner's,
    another's) by path."""
    wrong = []
    for path, (of_owner, of_other) in lists.items():
        if not of_owner:
            wrong.append(f"GET {path}: the owner has nothing in it; let tests/access/world.py or calls/ make something")
        if any(item in of_other for item in of_owner):
            wrong.append(f"GET {path}: gives another citizen what is the owner's; let its store ask by the actor's id")
    return wrong


def without_schema(paths: Mapping[str, Mapping[str, Any]], excepted: Mapping[str, str]) -> list[str]:
    """Routes that declare no schema of their answer."""
    wrong = []
    for path, operations in paths.items():
        for method, operation in operations.items():
            answers = operation["responses"] if method != "parameters" else {"204": {}}
            described = [status for status, answer in answers.items() if status == "204" or answer.get("content")]
            if not described and f"{method.upper()} {path}" not in excepted:
                wrong.append(f"{method.upper()} {path}: says not what it answers; add @bp.response(200, schemas.…)")
    return wrong


def texts(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Every text of a document, as (path, text); names that are ids stand as `*` in the path."""
    if isinstance(value, Mapping):
        for name, inner in value.items():
            step = "*" if ID.search(name) else name
            yield from texts(inner, f"{path}.{step}" if path else step)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from texts(inner, path)
    elif isinstance(value, str):
        yield path, value


def words_of(body: Any) -> set[str]:
    """The texts of a request that can be recognised in the store: with three Chinese characters or more, no codes."""
    every = {text for _, text in texts(json.loads(json.dumps(body)))}
    return {text for text in every if len(re.findall("[一-鿿]", text)) >= 3 and not re.match("[A-Z]{2}-", text)}
