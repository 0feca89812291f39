"""Write the bill of materials (CycloneDX 1.6, JSON) of what production carries: `python tools/sbom.py FILE [PYTHON]`.

It joins what cyclonedx-py says of this environment (or of PYTHON's), as far as requirements.lock names it, with what
npm says of the packages that are built into the pages (the `dependencies` of package-lock.json). It ends with status 1
if the environment is not that of the lock, or if the result does not fit the schema.
"""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

ROOT = Path(__file__).parents[1]
PAGES = ROOT / "api" / "pages"
PYTHON = ("environment", "--pyproject", "pyproject.toml", "--sv", "1.6", "--output-reproducible", "--no-validate")
"""Not validated by itself: the joined bill is, and that takes half a minute."""
NPM = ("sbom", "--sbom-format", "cyclonedx", "--package-lock-only")
"""All of it: with `--omit dev` npm leaves out what a tool needs too, such as vue."""
Bill = dict[str, Any]


def output_of(command: tuple[str, ...], folder: Path) -> Bill:
    """The JSON that a program prints."""
    return dict(json.loads(subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True).stdout))


def pins(lock: str) -> set[str]:
    """What a lock names, as `name==version` with the name in its normal form (PEP 503)."""
    return {f"{normal(name)}=={version}" for name, version in re.findall(r"^([\w.-]+)==([^\s\\]+)", lock, re.MULTILINE)}


def normal(name: str) -> str:
    """A package's name in its normal form (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()


def only(bill: Bill, wanted: set[str]) -> Bill:
    """A bill of the environment without what is not wanted. Ends the program if something wanted is not there."""
    kept = {f"{normal(part['name'])}=={part['version']}": part for part in bill["components"]}
    if missing := wanted - kept.keys():
        sys.exit(f"the environment is not that of requirements.lock: {', '.join(sorted(missing))}")
    refs = {kept[pin]["bom-ref"] for pin in wanted}
    root = bill["metadata"]["component"]["bom-ref"]
    lines = [
        {**line, "dependsOn": [ref for ref in line.get("dependsOn", ()) if ref in refs]}
        for line in bill["dependencies"]
        if line["ref"] in refs | {root}
    ]
    return {**bill, "components": [kept[pin] for pin in wanted], "dependencies": lines}


def only_shipped(bill: Bill, lock: Bill) -> Bill:
    """A bill of npm without what only tools need, as package-lock.json marks it."""
    shipped = {
        f"{name.rpartition('node_modules/')[2]}@{package['version']}"
        for name, package in lock["packages"].items()
        if name and not package.get("dev")
    }
    kept = [part for part in bill["components"] if unquote(part["purl"]).removeprefix("pkg:npm/") in shipped]
    refs = {part["bom-ref"] for part in kept}
    lines = [
        {**line, "dependsOn": [ref for ref in line.get("dependsOn", ()) if ref in refs]}
        for line in bill["dependencies"]
        if line["ref"] in refs | {bill["metadata"]["component"]["bom-ref"]}
    ]
    return {**bill, "components": kept, "dependencies": lines}


def joined(python: Bill, npm: Bill) -> Bill:
    """One bill of two: the program depends on what the pages depend on too."""
    program, pages = python["metadata"]["component"]["bom-ref"], npm["metadata"]["component"]["bom-ref"]
    depends: dict[str, set[str]] = {}
    for line in (*python["dependencies"], *npm["dependencies"]):
        depends.setdefault(program if line["ref"] == pages else line["ref"], set()).update(line.get("dependsOn", ()))
    lines = [{"ref": ref, **({"dependsOn": sorted(on)} if on else {})} for ref, on in sorted(depends.items())]
    components = sorted([*python["components"], *npm["components"]], key=lambda part: str(part["bom-ref"]))
    return {**python, "components": components, "dependencies": lines}


def main() -> None:
    """Write the bill to the file that is named."""
    target, *environment = sys.argv[1:]
    python = output_of((sys.executable, "-m", "cyclonedx_py", *PYTHON, *(environment or [sys.executable])), ROOT)
    run = only(python, pins((ROOT / "requirements.lock").read_text()))
    lock = json.loads((PAGES / "package-lock.json").read_text())
    bill = joined(run, only_shipped(output_of(("npm", *NPM), PAGES), lock))
    text = json.dumps(bill, ensure_ascii=False, indent=1)
    if fault := JsonStrictValidator(SchemaVersion.V1_6).validate_str(text):
        sys.exit(f"the bill does not fit the schema: {fault}")
    Path(target).write_text(text + "\n")
    sys.stdout.write(f"{target}: {len(bill['components'])} components\n")


if __name__ == "__main__":
    main()
