"""What production carries: the lock that it is installed from, and the bill of materials."""

import json
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from urllib.parse import unquote

import pytest

ROOT = Path(__file__).parents[2]
NOT_FOR_PRODUCTION = {"secantusdb", "pytest", "hypothesis", "mypy", "ruff", "playwright", "cyclonedx-bom", "pip-tools"}
SAYS_NO_LICENCE = {"combine-errors", "xmlhttprequest-ssl"}
"""Their lock says none; their own files say MIT."""


def pins(name):
    found = re.findall(r"^([\w.-]+)==([^\s\\]+)", (ROOT / name).read_text(), re.MULTILINE)
    return {normal(package): version for package, version in found}


def normal(name):
    return re.sub(r"[-_.]+", "-", name).lower()


def names(requirements):
    return {normal(re.split(r"[^\w.-]", requirement)[0]) for requirement in requirements}


def test_the_lock_of_production_has_what_the_program_imports_and_no_tool_and_nothing_under_the_gpl():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    run, develop = pins("requirements.lock"), pins("requirements-dev.lock")
    assert names(project["dependencies"]) <= run.keys()
    assert names(line for extra in project["optional-dependencies"].values() for line in extra) <= develop.keys()
    assert run.items() <= develop.items()
    assert not run.keys() & NOT_FOR_PRODUCTION
    assert develop.keys() >= NOT_FOR_PRODUCTION
    for lock in ("requirements.lock", "requirements-dev.lock"):
        text = (ROOT / lock).read_text()
        assert text.count(" \\\n    --hash=sha256:") >= len(pins(lock))
        assert "://" not in re.sub(r"^\s*#.*$", "", text, flags=re.MULTILINE)


@pytest.fixture(scope="module")
def bill(tmp_path_factory):
    file = tmp_path_factory.mktemp("bill") / "sbom.cdx.json"
    path = f"{Path(sys.prefix, 'node', 'bin')}:{os.environ['PATH']}"
    command = [sys.executable, str(ROOT / "tools" / "sbom.py"), str(file)]
    done = subprocess.run(command, env={**os.environ, "PATH": path}, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return json.loads(file.read_text())


def test_the_bill_names_each_package_of_the_lock_and_of_the_built_pages_and_no_other(bill):
    listed = {re.sub(r"\?.*", "", unquote(part["purl"])) for part in bill["components"]}
    listed = {part.replace(".", "-", 1) if part.startswith("pkg:pypi/zope.") else part for part in listed}
    packages = json.loads((ROOT / "api/pages/package-lock.json").read_text())["packages"]
    shipped = {
        f"pkg:npm/{name.rpartition('node_modules/')[2]}@{package['version']}"
        for name, package in packages.items()
        if name and not package.get("dev")
    }
    assert listed == {f"pkg:pypi/{name}@{version}" for name, version in pins("requirements.lock").items()} | shipped
    assert {re.sub("@[^@]*$", "", part) for part in shipped} >= {"pkg:npm/vue", "pkg:npm/swagger-ui-dist"}


def test_the_bill_says_under_which_licence_each_package_is_and_what_needs_what(bill):
    assert {part["name"] for part in bill["components"] if not part.get("licenses")} <= SAYS_NO_LICENCE
    licences = json.dumps([part.get("licenses") for part in bill["components"]])
    assert not re.search(r"\bA?GPL|GNU (?!Lesser)", licences), licences
    refs = {part["bom-ref"] for part in bill["components"]} | {bill["metadata"]["component"]["bom-ref"]}
    assert {ref for line in bill["dependencies"] for ref in (line["ref"], *line.get("dependsOn", ()))} <= refs
