"""docs/security.md is kept true: every requirement answered once, every test and place there, tables as the code."""

import ast
import importlib
import json
import re
from datetime import timedelta
from functools import cache
from pathlib import Path

import argon2
import pytest

from api.identity.masking import UNMASKED
from api.office import sealed
from api.web.limits import CLASSES, RATES
from tests.access.test_matrix import ROWS
from tests.test_risky_source import PAGES, calls, imported, python

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
PAGE = (DOCS / "security.md").read_text()
ASVS = json.loads((ROOT / "tests/data/asvs.json").read_text())["requirements"]

VERDICTS = {"holds", "does not apply", "operator"}
LIBRARIES = {"hashlib", "hmac", "secrets", "cryptography", "argon2", "pyotp", "ssl", "twilio"}
"""What makes a file one that does cryptography; Twilio's library checks signatures."""
OUTWARD = {"requests", "twilio", "redis", "socket", "urllib.request", "http.client", "ftplib", "smtplib"}
"""What makes a file one that can reach others; pymongo is spoken by the stores alone (import contract)."""
LISTENS = {"api/server.py", "api/web/timeouts.py", "api/storage/embedded.py", "api/jobs/processes.py"}
LISTENS |= {"api/circle/generations.py", "api/isolation.py", "chat/lines.py"}
"""Files that use `socket` to listen, to shut lines, to try whether anything can be reached, or for the host's name."""
UNITS = {"s": 1, "min": 60, "h": 3600, "d": 86_400, "KiB": 1024, "MiB": 1024**2}
SECRET_WORDS = re.compile(r"phone|token|password|secret|id_number|identity|openid|totp|receipt|^name$|^code$")


def part(title, level=2):
    """The text under a heading, up to the next one of its level or above."""
    found = re.search(rf"^#{{{level}}} {re.escape(title)}\n(.*?)(?=^#{{1,{level}}} |\Z)", PAGE, re.M | re.S)
    assert found, title
    return found[1]


def rows(text):
    """The rows of the tables in a text, as lists of cells, without their heads."""
    lines = [line for line in text.splitlines() if line.startswith("|")]
    cells = [[cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in lines]
    heads = {at - 1 for at, row in enumerate(cells) if set("".join(row)) <= {"-", " "}}
    return [row for at, row in enumerate(cells) if at not in heads and at - 1 not in heads]


ANSWERS = {title: rows(part(title)) for title in ("OWASP ASVS 5.0", "GB/T 22239-2019", "个人信息保护法")}


def test_every_requirement_of_levels_1_and_2_is_answered_once():
    answered = [row[0] for row in ANSWERS["OWASP ASVS 5.0"]]
    assert answered == [f"{section}.{number}" for section, numbers in ASVS.items() for number in numbers]
    for title in ("GB/T 22239-2019", "个人信息保护法"):
        names = [row[0] for row in ANSWERS[title]]
        assert len(names) == len(set(names))
    control_points = {name.split()[0] for name in (row[0] for row in ANSWERS["GB/T 22239-2019"])}
    assert {f"7.1.4.{n}" for n in range(1, 11)} <= control_points


@pytest.mark.parametrize("title", ANSWERS)
def test_every_row_has_a_verdict_and_what_stands_behind_it(title):
    """No row fails: there is no such verdict. What holds names a test, what is left to the operator a place."""
    for row in ANSWERS[title]:
        assert len(row) == (4 if title.startswith("OWASP") else 5), row
        name, asks, verdict, *grounds = row
        assert asks, name
        assert verdict in VERDICTS, name
        behind = " ".join(grounds)
        assert "{{" not in behind, name
        if verdict == "holds":
            assert "::test_" in behind, f"{name} names no test"
        if verdict == "does not apply":
            assert re.search(r"[A-Za-z]{2}", behind), f"{name} says no reason"


def test_every_requirement_left_to_the_operator_names_a_place():
    for row in ANSWERS["OWASP ASVS 5.0"]:
        if row[2] == "operator":
            assert "](operating.md#" in row[3], row[0]


@cache
def functions_of(path):
    """The names of the functions of a file of tests."""
    file = ROOT / "tests" / path
    tree = ast.parse(file.read_text()) if file.is_file() else ast.Module([], [])
    return {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}


def test_every_named_test_exists():
    named = set(re.findall(r"`([\w/]+\.py)::(\w+)`", PAGE))
    assert sorted(f"{path}::{name}" for path, name in named if name not in functions_of(path)) == []
    assert len(re.findall(r"`[^`]*\.py::[^`]*`", PAGE)) == len(re.findall(r"`[\w/]+\.py::test_\w+`", PAGE))


def anchors(path):
    """The anchors of a page's headings, as GitHub makes them."""
    heads = re.findall(r"^#+ (.+)$", path.read_text(), re.M)
    return {re.sub(r"[^\w\- ]", "", head.lower()).replace(" ", "-") for head in heads}


def test_every_named_place_exists():
    for target in set(re.findall(r"\]\(([^)]+)\)", PAGE)):
        if target.startswith("https://"):
            continue
        path, _, anchor = target.partition("#")
        file = (DOCS / path).resolve() if path else DOCS / "security.md"
        assert file.is_file(), target
        assert not anchor or anchor in anchors(file), target
    for name in set(re.findall(r"`((?:api|chat|notifications|tests)/[\w/]+\.(?:py|csv))`", PAGE)):
        assert (ROOT / name).is_file(), name


def test_the_numbers_are_those_of_the_code():
    numbers = re.findall(r"\| ([^|]+) \| `([\w.]+):(\w+)` \|", part("What is settled"))
    assert len(numbers) > 30
    for text, module, constant in numbers:
        value = getattr(importlib.import_module(module), constant)
        value = value.total_seconds() if isinstance(value, timedelta) else value
        said = re.findall(r"(\d+)(?: (s|min|h|d|KiB|MiB)\b)?", text)
        meant = {float(number) * factor for number, unit in said for factor in (1, UNITS.get(unit, 1))}
        meant |= {number * 1000 for number in meant if constant.endswith("_MS")}
        assert not said or float(value) in meant, f"{module}:{constant} is {value}, the page says {text}"


def test_the_rates_are_those_of_the_code():
    said = {row[0]: (row[1], row[2]) for row in rows(part("Limits", 3).split("<!-- rates -->")[1].split("<!-- /")[0])}
    assert said == {name: (rate.address, rate.person) for name, rate in RATES.items()}


def test_every_way_in_is_in_the_table():
    said = set(re.findall(r"^\| `(POST) ([^`]+)` \|", part("Ways in", 3), re.M))
    assert said == {route for route, name in CLASSES.items() if name == "log_in"}
    assert said <= set(ROWS)
    open_to_all = {route for route, who in ROWS.items() if route[0] == "POST" and who["anyone"] in {"201", "200"}}
    making_tokens = {route for route in open_to_all if "/sessions" in route[1] and "/codes" not in route[1]}
    assert making_tokens <= said


def test_the_masked_fields_are_those_of_the_code():
    said = rows(part("Who sees what", 3).split("<!-- masked -->")[1].split("<!-- /")[0])
    assert {row[0]: frozenset(row[1].split(", ")) for row in said} == UNMASKED


def named_files(title):
    """The files that the tables under a heading name."""
    return set(re.findall(r"`((?:api|chat|notifications)/[\w/]+\.py)`", part(title, 3)))


def using(libraries):
    """The files that import one of these."""
    own = {path: set(imported(tree)) for path, tree in python().items()}
    return {
        path
        for path, names in own.items()
        if any(name == library or name.startswith(f"{library}.") for name in names for library in libraries)
    }


def test_every_use_of_cryptography_is_in_the_inventory():
    used, named = using(LIBRARIES), named_files("Cryptography")
    assert used == named & used
    assert named - used == set()
    ciphers = {node for tree in python().values() for node in imported(tree) if ".ciphers" in node}
    assert ciphers == {"cryptography.hazmat.primitives.ciphers.aead"}


def test_every_way_out_is_in_the_inventory():
    assert using(OUTWARD) - LISTENS <= named_files("Connections")


def test_every_sealed_field_is_in_the_table_of_data():
    said = {name: row[1] for row in rows(part("Data", 3)) for name in re.findall(r"`(\w+)`", row[0])}
    for collection, fields in sealed():
        assert collection in said, f"{collection} has no row"
        lacking = [field for field in fields if field not in said[collection]]
        assert lacking == [], f"{collection}: {lacking}"


def test_a_browser_keeps_only_what_is_listed():
    """Names of keys in the pages: `circle.…` in quotes; and nothing is kept but through the two storages."""
    text = "\n".join(PAGES.values())
    used = set(re.findall(r"""['"`](circle\.[\w.]*)""", text))
    said = set(re.findall(r"`([\w.:]+)`", part("Data", 3).split("<!-- browser -->")[1].split("<!-- /")[0]))
    assert {key for key in used if key not in said and f"tus::{key}" not in said} == set()
    assert re.findall(r"indexedDB|document\.cookie|caches\.open|serviceWorker", text) == []


def test_every_log_is_in_the_inventory():
    named = re.compile(r'getLogger\("(circle[\w.]*)"\)')
    used = {name for path in python() for name in named.findall((ROOT / path).read_text())}
    said = set(re.findall(r"`(circle[\w.]*)`", part("Logs", 3)))
    assert used - said == set()


def test_no_query_takes_what_is_sensitive(app):
    """But the word that an administrator looks for staff by, and the code of a matter in a path."""
    paths = json.loads(app.test_client().get("/openapi.json").data)["paths"]
    queries = {
        f"{method} {path}: {parameter['name']}"
        for path, operations in paths.items()
        for method, operation in operations.items()
        if isinstance(operation, dict)
        for parameter in operation.get("parameters", [])
        if isinstance(parameter, dict) and parameter.get("in") == "query"
        if SECRET_WORDS.search(parameter["name"])
    }
    assert queries == set()


def test_passwords_are_hashed_as_the_inventory_says():
    """By the library's defaults, which are those of RFC 9106 for little memory; tests themselves hash faster."""
    made = [call for name, call in calls(python()["api/identity/staff/passwords.py"]) if name == "PasswordHasher"]
    assert made
    assert all(not call.args and not call.keywords for call in made)
    usual = (argon2.DEFAULT_MEMORY_COST, argon2.DEFAULT_TIME_COST, argon2.DEFAULT_PARALLELISM)
    assert usual == (64 * 1024, 3, 4)
    assert "64 MiB, 3 rounds, 4 lanes" in part("Cryptography", 3)
