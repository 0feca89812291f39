"""The commands on points and matters (`circle load`, `export`, `check`), and `clock` and `openapi`."""

import json
from pathlib import Path
from typing import Any

import click

from api.cli.opening import opened_app, opened_office


@click.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path))
def load(files: tuple[Path, ...]) -> None:
    """Load service points from .csv files, versions of matters from .json; a file with any error changes nothing."""
    with opened_office() as office:
        for file in files:
            _report_load(
                file, _load_matters(office, file) if file.suffix == ".json" else office.circle.changes.load(file)
            )


@click.command()
@click.argument("what", type=click.Choice(["points", "matters"]), default="points")
def export(what: str) -> None:
    """Print all service points as CSV, or all versions of matters as JSON, which `load` reads back the same."""
    with opened_office() as office:
        if what == "matters":
            click.echo(json.dumps(office.publishing.export(), ensure_ascii=False, indent=1))
        else:
            click.echo(office.circle.changes.export(), nl=False)


@click.command()
def check() -> None:
    """List what the district must still confirm."""
    with opened_office() as office:
        for heading, lines in office.open_questions().items():
            click.echo(f"{heading}: {len(lines)}")
            for line in lines:
                click.echo(f"  {line}")


@click.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def clock(file: Path) -> None:
    """Reckon the working-day clock for each `{id, input}` of FILE; print `[{id, output}]`."""
    from api.calendar.calendar import load_calendar
    from api.cases.clock.reckoning import reckon_file

    try:
        items = json.loads(file.read_text())
        assert isinstance(items, list)
    except (ValueError, AssertionError):
        raise click.ClickException(f"{file} is not a JSON list of {{id, input}}") from None
    click.echo(json.dumps(reckon_file(items, load_calendar()), ensure_ascii=False, indent=1))


@click.command()
def openapi() -> None:
    """Print the OpenAPI description."""
    with opened_app() as app:
        click.echo(app.test_client().get("/openapi.json").text)


def _load_matters(office: Any, file: Path) -> list[str]:
    """Publish the versions of a JSON file that do not exist yet; returns the errors, one line each."""
    from marshmallow import ValidationError

    from api.matters.schemas.entries import EntrySchema

    try:
        entries = EntrySchema(many=True).load(json.loads(file.read_text(encoding="utf-8")))
    except ValidationError as error:
        return [f"entry {number}: {reasons}" for number, reasons in error.normalized_messages().items()]
    except ValueError as error:
        return [f"no JSON: {error}"]
    lines: list[str] = office.publishing.load(entries)
    return lines


def _report_load(file: Path, problems: list[str]) -> None:
    for problem in problems:
        click.echo(f"{file}: {problem}", err=True)
    if problems:
        raise click.ClickException(f"{file} changed nothing: {len(problems)} things to mend")
    click.echo(f"{file}: loaded")
