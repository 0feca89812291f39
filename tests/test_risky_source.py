"""What the source must not do, because it would be unsafe wherever it stood: read from the sources themselves."""

import ast
import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGES = {
    path.relative_to(ROOT).as_posix(): path.read_text()
    for path in sorted((ROOT / "api/pages/src").rglob("*"))
    if path.suffix in {".vue", ".js"}
}

DANGEROUS = {"eval", "exec", "__import__"}
DANGEROUS_MODULES = {"pickle", "marshal", "shelve", "yaml", "xml", "lxml", "ctypes.util"}
SHELLS = {"os.system", "os.popen", "subprocess.getoutput", "subprocess.getstatusoutput"}

JITTER = {"chat/live/writer.py", "chat/talk/store.py"}
"""Where `random` only spreads repeats over time."""


@cache
def python():
    """The parsed modules by their paths: parsed at the first use, since a second is spent on it."""
    return {
        path.relative_to(ROOT).as_posix(): ast.parse(path.read_text())
        for package in ("api", "chat", "notifications")
        for path in sorted((ROOT / package).rglob("*.py"))
        if "node_modules" not in path.parts
    }


def calls(tree):
    """Every call, by its dotted name."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            yield ast.unparse(node.func), node


def imported(tree):
    """The modules that are imported."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ""


def test_nothing_is_evaluated_unpickled_or_run_by_a_shell():
    risky = []
    for path, tree in python().items():
        risky += [f"{path}: {name}" for name, _ in calls(tree) if name in DANGEROUS | SHELLS]
        risky += [f"{path}: shell=True" for _, call in calls(tree) for word in call.keywords if word.arg == "shell"]
        risky += [f"{path}: {name}" for name in imported(tree) if name.split(".")[0] in DANGEROUS_MODULES]
    assert risky == []


def test_a_request_of_ours_has_a_time_limit_and_follows_no_redirect():
    """And verifies certificates, as `requests` does where nobody says `verify`."""
    found = 0
    for path, tree in python().items():
        for name, call in calls(tree):
            if re.fullmatch(r"requests\.(get|post|put|patch|delete|head|request)", name):
                words = {word.arg: ast.unparse(word.value) for word in call.keywords}
                assert words.get("allow_redirects") == "False", f"{path}: {name} follows redirects"
                assert "timeout" in words, f"{path}: {name} waits for ever"
                assert "verify" not in words, f"{path}: {name}"
                found += 1
    assert found >= 2


def test_chance_that_guards_something_comes_from_secrets():
    assert {path for path, tree in python().items() if "random" in imported(tree)} <= JITTER
    drawn = {path for path, tree in python().items() if "secrets" in imported(tree)}
    assert {"api/identity/tokens.py", "api/identity/citizens/log_in.py", "api/parcels/service.py"} <= drawn


@pytest.mark.parametrize(
    "risk", [r"v-html", r"\.innerHTML\s*=", r"insertAdjacentHTML", r"document\.write", r"\beval\("]
)
def test_no_page_renders_what_people_write_as_html(risk):
    assert [path for path, text in PAGES.items() if re.search(risk, text)] == []


def test_pages_write_to_no_prototype():
    """Keys of objects are ours, words of people are values; and no page merges deeply."""
    polluting = re.compile(r"__proto__|\.prototype\b|setPrototypeOf|constructor\[|(?<!#)\bmerge\(|structuredClone\(")
    assert [path for path, text in PAGES.items() if polluting.search(text)] == []


def test_passwords_are_masked_and_may_be_pasted():
    """Masked until one asks to see it; named so that the browser's manager fills it in; no paste is caught."""
    fields = re.compile(r"<input\b[^>]*autocomplete=\"(?:current|new)-password\"[^>]*>", re.S)
    inputs = [found for text in PAGES.values() for found in fields.findall(text)]
    assert len(inputs) >= 3
    masked = ('type="password"', ":type=\"shown ? 'text' : 'password'\"")
    assert [found for found in inputs if not any(how in found for how in masked)] == []
    assert all("const shown = ref(false)" in text for text in PAGES.values() if masked[1] in text)
    proof = PAGES["api/pages/src/shared/parts/ProofWindow.vue"]  # one field for a password or for digits
    assert ":type=\"way === 'password' ? 'password' : 'text'\"" in proof
    others = [text for text in PAGES.values() if text != proof]
    assert sum(text.count("'password'") + text.count('type="password"') for text in others) == len(inputs)
    assert [path for path, text in PAGES.items() if re.search(r"@(paste|copy|cut)|onpaste", text)] == []


def test_pages_listen_to_no_other_window():
    listening = re.compile(r"addEventListener\(\s*['\"]message|onmessage|postMessage")
    assert [path for path, text in PAGES.items() if listening.search(text)] == []


def test_both_pages_have_a_way_out():
    ends = [path for path, text in PAGES.items() if "session.end()" in text]
    assert any("/citizen/" in path for path in ends)
    assert any("/staff/" in path for path in ends)
