"""The tree's words and sizes are tested: names that say nothing, names used twice, long files and functions, circles.

Everything is read as syntax (`ast`); nothing is imported. Each message names the file, the line and what to do.
"""

import ast
import re
from collections import defaultdict
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parents[1]
PACKAGES = ("api", "chat", "notifications")

MOST_LINES_OF_A_FILE = 400
MOST_LINES_OF_A_FUNCTION = 50

FORBIDDEN = {
    "told": "name what it is: conversation, matter, point, body, row, notice_values",
    "found": "name what was looked for: conversation, case, row, match",
    "one": "name the thing: mandate, staff_member, row",
    "made": "name the result: created, manifest, receipt",
    "said": "name the text: message, note, body",
    "shown": "name the result: as_json, masked, view",
}
"""Words that name no thing (each stood for several), and what to write instead."""

FORBIDDEN_FILES = frozenset(
    ["absent", "deeds", "giving", "hand", "measure", "own"]
    + ["picture", "rows", "showing", "standings", "unheard", "written"]
)
"""Names of files whose content nobody could guess."""

ALLOWED = {
    ("api/cases/clock/facts.py", "told"): "a field of the clock's input",
    ("api/reports/schemas.py", "told"): "a field of the API",
    ("api/circle/schemas/circle.py", "said"): "a field of the API",
}
"""Forbidden words that stay, by file, and why."""

SAME_NAME = {
    "BadCursor": "a refusal of each package: none imports another",
    "BadFields": "a refusal of each package: none imports another",
    "NotFound": "a refusal of each package: none imports another",
    "Refusal": "the base of each package's refusals",
    "RoleWrong": "a refusal of each package: none imports another",
    "SignatureBad": "a refusal of each package: none imports another",
    "TokenBad": "a refusal of each package: none imports another",
    "VersionStale": "a refusal of each package: none imports another",
    "Http": "what chat and notifications need of api.web.guard.Http, as a Protocol",
    "Tell": "the outbox as a room needs it: a Protocol",
    "Record": "the audit as a room needs it: a Protocol in its ports",
}
"""Class names that stand in several places, and why."""


class Module(NamedTuple):
    """One file of the program."""

    path: str
    room: str
    name: str
    is_package: bool
    lines: int
    tree: ast.Module


@cache
def modules() -> list[Module]:
    paths = [path for package in PACKAGES for path in sorted((ROOT / package).rglob("*.py"))]
    return [read(path) for path in paths if "node_modules" not in path.parts]


def read(path: Path) -> Module:
    text, relative = path.read_text(encoding="utf-8"), path.relative_to(ROOT)
    parts = relative.with_suffix("").parts
    is_package = parts[-1] == "__init__"
    name = ".".join(parts[:-1] if is_package else parts)
    return Module(str(relative), room_of(name), name, is_package, text.count("\n"), ast.parse(text))


def room_of(module: str) -> str:
    """`chat` of chat.desk.queue, `identity` of api.identity.store, `api` of api.app."""
    package, *rest = module.split(".")
    is_room = package == "api" and rest and (ROOT / "api" / rest[0]).is_dir()
    return rest[0] if is_room else package


def refuse(wrong: list[str]) -> None:
    """Fail with these lines alone, without a traceback."""
    if wrong:
        pytest.fail("\n".join(wrong), pytrace=False)


def functions(module):
    return [node for node in ast.walk(module.tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]


# -- words ---------------------------------------------------------------------------------------------------------


def names_of(module):
    """(line, kind, name) of every function, parameter and attribute."""
    for node in ast.walk(module.tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node.lineno, "function", node.name
        elif isinstance(node, ast.arg):
            yield node.lineno, "parameter", node.arg
        elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
            yield node.lineno, "attribute", node.attr
        elif isinstance(node, ast.ClassDef):
            yield from fields_of(node)


def fields_of(kind):
    for statement in kind.body:
        targets = [statement.target] if isinstance(statement, ast.AnnAssign) else getattr(statement, "targets", [])
        for target in targets:
            if isinstance(target, ast.Name):
                yield target.lineno, "attribute", target.id


def test_no_function_parameter_or_attribute_is_called_by_a_word_that_names_nothing():
    wrong = [
        f"{module.path}:{line}: the {kind} `{name}`: {FORBIDDEN[name.strip('_')]}"
        for module in modules()
        for line, kind, name in names_of(module)
        if name.strip("_") in FORBIDDEN and (module.path, name) not in ALLOWED
    ]
    refuse(wrong)


def test_every_allowed_word_still_stands_where_it_is_allowed():
    used = {(module.path, name) for module in modules() for _, _, name in names_of(module)}
    assert set(ALLOWED) - used == set(), "strike these out of ALLOWED"


def test_a_file_is_named_after_what_lies_in_it():
    wrong = [
        f"{module.path}: `{module.name.split('.')[-1]}` says nothing of what lies there: name it after its subject"
        for module in modules()
        if module.name.split(".")[-1] in FORBIDDEN_FILES
    ]
    refuse(wrong)


def classes_by_name(chosen):
    by_name = defaultdict(list)
    for module in chosen:
        for node in module.tree.body:
            if isinstance(node, ast.ClassDef):
                by_name[node.name].append(f"{module.path}:{node.lineno}")
    return {name: places for name, places in by_name.items() if len(places) > 1}


def test_a_class_name_is_used_once():
    wrong = [
        f"class {name} stands in {', '.join(places)}: rename all but one, "
        f"a schema beside a record as {name.removesuffix('Schema')}Schema"
        for name, places in classes_by_name(modules()).items()
        if name not in SAME_NAME
    ]
    refuse(wrong)


def test_every_class_name_allowed_twice_still_stands_twice():
    assert set(SAME_NAME) - set(classes_by_name(modules())) == set(), "strike these out of SAME_NAME"


def test_every_public_class_and_function_has_a_docstring():
    wrong = [
        f"{module.path}:{node.lineno}: `{node.name}` has no docstring: say in one sentence what it is or does"
        for module in modules()
        for node in public(module.tree.body)
        if not ast.get_docstring(node)
    ]
    refuse(wrong)


def public(body):
    """Public classes and functions, and the public methods of public classes; a Protocol's one-line `...` apart."""
    for node in body:
        is_class = isinstance(node, ast.ClassDef)
        if not is_class and not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        is_declared_only = not is_class and ast.unparse(node.body[-1]) == "..."
        if node.name.startswith("_") or is_declared_only:
            continue
        yield node
        if is_class:
            yield from public(node.body)


def test_every_module_has_a_docstring():
    wrong = [f"{module.path}: say in one sentence what lies here" for module in modules() if not docstring(module)]
    refuse(wrong)


def docstring(module):
    return ast.get_docstring(module.tree) or ""


@pytest.mark.parametrize("package", PACKAGES)
def test_the_beijing_zone_is_written_once_per_package(package):
    places = [
        f"{module.path}:{node.lineno}"
        for module in modules()
        if module.name.split(".")[0] == package
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Constant) and node.value == "Asia/Shanghai"
    ]
    assert len(places) <= 1, f"{', '.join(places)}: import the zone from one of these"


# -- sizes ---------------------------------------------------------------------------------------------------------


def test_a_long_file_says_why_it_is_one():
    wrong = [
        f"{module.path} has {module.lines} lines, of {MOST_LINES_OF_A_FILE} at most: split it by subject, "
        'or say in its docstring why it stays whole, in a sentence that begins "In one file"'
        for module in modules()
        if module.lines > MOST_LINES_OF_A_FILE and "In one file" not in docstring(module)
    ]
    refuse(wrong)


def test_no_function_is_long():
    wrong = [
        f"{module.path}:{node.lineno}: `{node.name}` has {length(node)} lines, "
        f"of {MOST_LINES_OF_A_FUNCTION} at most: take out a part that has a name of its own"
        for module in modules()
        for node in functions(module)
        if length(node) > MOST_LINES_OF_A_FUNCTION
    ]
    refuse(wrong)


def length(node):
    return node.end_lineno - node.lineno + 1


# -- circles -------------------------------------------------------------------------------------------------------


@cache
def imports() -> dict[str, set[str]]:
    """By module: the modules of ours that it imports at its top, under TYPE_CHECKING too.

    A package is imported with each of its modules, so its `__init__` counts, but for the packages that one lies in.
    """
    names = {module.name for module in modules()}
    graph = {}
    for module in modules():
        targets = {target for node in top_level(module.tree) for target in targets_of(node, module, names)}
        above = set(packages_above(module.name))
        with_packages = targets | {package for target in targets for package in packages_above(target)}
        graph[module.name] = {target for target in with_packages if target not in above or target in targets}
        graph[module.name].discard(module.name)
    return graph


def top_level(tree):
    """The import statements that run, or are read by a type checker, with the module itself."""
    waiting = list(tree.body)
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.Import | ast.ImportFrom):
            yield node
        elif not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            waiting.extend(ast.iter_child_nodes(node))


def targets_of(node, module, names):
    """The modules of ours that an import statement names: of `from a.b import c`, a.b.c where that is one, else a.b."""
    if isinstance(node, ast.Import):
        return {alias.name for alias in node.names if alias.name in names}
    base = node.module or ""
    if node.level:
        package = module.name.split(".") if module.is_package else module.name.split(".")[:-1]
        base = ".".join([*package[: len(package) - node.level + 1], *([base] if base else [])])
    if base.split(".")[0] not in PACKAGES:
        return set()
    return {f"{base}.{alias.name}" if f"{base}.{alias.name}" in names else base for alias in node.names} & names


def packages_above(name):
    parts = name.split(".")
    return [".".join(parts[:end]) for end in range(1, len(parts))]


def circles(graph):
    """One shortest path back to itself for each module that has one, a circle of the same modules named once."""
    seen = {}
    for start in sorted(graph):
        path = way_back(graph, start)
        if path:
            seen.setdefault(frozenset(path), path)
    return list(seen.values())


def way_back(graph, start):
    came_from, waiting = {}, [start]
    for module in waiting:
        for target in sorted(graph.get(module, ())):
            if target == start:
                path = [start]
                while module != start:
                    path.append(module)
                    module = came_from[module]
                return [start, *reversed(path[1:]), start]
            if target not in came_from:
                came_from[target] = module
                waiting.append(target)
    return []


def test_no_modules_import_each_other_in_a_circle():
    known = {module.name: module.room for module in modules()}
    wrong = [path for path in circles(imports()) if all(module in known for module in path)]
    advice = "let the lower one take what it needs as a parameter, or move the shared part below both"
    refuse([f"{' → '.join(path)}: {advice}" for path in wrong])


# -- the checks themselves -----------------------------------------------------------------------------------------


def written(text):
    return Module("api/x.py", "x", "api.x", False, text.count("\n"), ast.parse(text))


def test_the_names_of_a_module_are_its_functions_parameters_and_attributes():
    module = written("class A:\n    b: int\n    c = 1\n    def d(self, e, *f, g=1):\n        self.h = lambda i: 1\n")
    names = {name for _, _, name in names_of(module)}
    assert names == {"b", "c", "d", "self", "e", "f", "g", "h", "i"}


def test_a_circle_is_named_by_its_path():
    graph = {"a": {"b"}, "b": {"c", "d"}, "c": {"a"}, "d": set()}
    (path,) = circles(graph)
    assert set(pairwise(path)) == {("a", "b"), ("b", "c"), ("c", "a")}


def test_what_a_module_imports_is_read_from_its_statements():
    text = "import chat\nfrom api.web import guard\nif TYPE_CHECKING:\n    from api.times import BEIJING\n"
    later = "def f():\n    import notifications\n"
    names = {"chat", "api.web", "api.web.guard", "api.times", "notifications"}
    targets = [targets_of(node, written(text), names) for node in top_level(ast.parse(text + later))]
    assert set().union(*targets) == {"chat", "api.web.guard", "api.times"}


def test_the_words_for_what_to_write_instead_are_no_forbidden_ones():
    for words in FORBIDDEN.values():
        assert not set(re.findall(r"\w+", words)) & set(FORBIDDEN)
