"""The map of the code: `python -m tests.code_map` writes the first sentence of each module into docs/map.md."""

import ast
import re
from pathlib import Path

ROOT = Path(__file__).parents[1]
MAP = ROOT / "docs" / "map.md"
MARKS = ("<!-- map: made by `python -m tests.code_map`, checked by tests/test_docs.py -->\n", "<!-- /map -->\n")
PACKAGES = ("api", "chat", "notifications")


def sentence(module: Path) -> str:
    """The first sentence of a module's docstring, on one line; empty if it has none."""
    text = ast.get_docstring(ast.parse(module.read_text())) or ""
    first = re.split(r"(?<=[.!?])\s+(?=[A-Z`])|\n\n", text, maxsplit=1)[0]
    return re.sub(r"\s+", " ", first).strip()


def folders(package: str) -> list[Path]:
    """The package and the packages below it, in the order of their names."""
    return sorted(path.parent for path in (ROOT / package).rglob("__init__.py") if "node_modules" not in path.parts)


def listed() -> str:
    """The map as Markdown: a heading per folder with its sentence, and a line per file."""
    lines: list[str] = []
    for folder in (folder for package in PACKAGES for folder in folders(package)):
        lines += [f"### `{folder.relative_to(ROOT)}/`", "", sentence(folder / "__init__.py"), ""]
        files = [path for path in sorted(folder.glob("*.py")) if path.name != "__init__.py"]
        if files:
            lines += ["| file | what is decided there |", "| --- | --- |"]
            lines += [f"| `{path.name}` | {sentence(path)} |" for path in files] + [""]
    return "\n".join(lines).rstrip() + "\n"


def main() -> None:
    """Write the map between its marks in docs/map.md."""
    before, rest = MAP.read_text().split(MARKS[0])
    MAP.write_text(before + MARKS[0] + listed() + MARKS[1] + rest.split(MARKS[1])[1])


if __name__ == "__main__":
    main()
