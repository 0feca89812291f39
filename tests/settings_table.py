"""The README's table of settings, from the settings themselves: `python -m tests.settings_table` prints it."""

from api.settings import SETTINGS


def table() -> str:
    """A Markdown table: name, what holds without it, meaning."""
    rows = [f"| `{s.name}` | {f'`{s.default}`' if s.default else ''} | {s.meaning} |" for s in SETTINGS]
    return "\n".join(["| setting | without it | meaning |", "| --- | --- | --- |", *rows])


if __name__ == "__main__":
    print(table())
