"""`circle …`: the command line. Each command imports what it needs: `--help` is quick, and `serve` patches first."""

import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from api import logs, settings


@click.group()
def main() -> None:
    """新城服务圈 Service Circle."""


@contextmanager
def _plainly() -> Iterator[None]:
    """Say in words what is wrong, without a traceback, and end with 1."""
    from api.embedded import StoreBusy
    from api.jobs.service import SecondProcess
    from api.refusals import Refusal

    try:
        yield
    except (settings.UnsafeStart, StoreBusy, SecondProcess) as error:
        click.echo(f"circle: {error}", err=True)
        sys.exit(1)
    except Refusal as refusal:
        click.echo(f"circle: {refusal.words['en']}", err=True)
        sys.exit(1)


@contextmanager
def _app() -> Iterator[Any]:
    """The assembled app, on the running store or on one of our own."""
    with _plainly():
        from api.app import create_app
        from api.server import joined

        logs.set_up("WARNING")
        told = settings.read(os.environ)
        with joined(told) as database:
            app = create_app(told, database=database)
            yield app
            app.extensions["circle"].stop()


@contextmanager
def _office() -> Iterator[Any]:
    """The assembled services."""
    with _app() as app:
        yield app.extensions["circle"]


@main.command()
def serve() -> None:
    """Run the whole in one process."""
    from gevent import monkey

    monkey.patch_all()
    with _plainly():
        from api.server import serve as run

        told = settings.read(os.environ)
        logs.set_up(told.log)
        run(told)


@main.command()
def worker() -> None:
    """Run background work alone, beside web processes that share its MongoDB and Redis."""
    from gevent import monkey

    monkey.patch_all()
    with _plainly():
        from api.server import work

        told = settings.read(os.environ)
        logs.set_up(told.log)
        work(told)


@main.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def clock(file: Path) -> None:
    """Reckon the working-day clock for each `{id, input}` of FILE; print `[{id, output}]`."""
    from api.calendar.calendar import load_calendar
    from api.cases.clock import reckon_file

    try:
        items = json.loads(file.read_text())
        assert isinstance(items, list)
    except (ValueError, AssertionError):
        raise click.ClickException(f"{file} is not a JSON list of {{id, input}}") from None
    click.echo(json.dumps(reckon_file(items, load_calendar()), ensure_ascii=False, indent=1))


@main.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path))
def load(files: tuple[Path, ...]) -> None:
    """Load service points from CSV files; a file with any error changes nothing."""
    with _office() as office:
        for file in files:
            _tell_loaded(file, office.circle.load(file))


@main.group()
def network() -> None:
    """Street networks for travel times."""


@network.command("add")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def network_add(file: Path) -> None:
    """Build travel times from FILE.osm.pbf and use them from now on."""
    with _office() as office:
        click.echo(office.circle.add_network(file, lambda line: click.echo(line, err=True)))


@network.command("list")
def network_list() -> None:
    """The generations that are there; the current one is marked."""
    with _office() as office:
        for row in office.circle.networks():
            mark = "*" if row["current"] else " "
            click.echo(f"{mark} {row['generation']}  {row['file']}  {row['added_at']:%Y-%m-%d %H:%M} UTC")


@main.group()
def staff() -> None:
    """Members of staff."""


@staff.command("add")
@click.argument("username")
@click.option("--name", required=True)
@click.option("--role", "roles", multiple=True, required=True, type=click.Choice(["window", "handler"]))
@click.option("--point")
@click.option("--department")
@click.password_option()
def staff_add(
    username: str, name: str, roles: tuple[str, ...], point: str | None, department: str | None, password: str
) -> None:
    """Add a member of staff."""
    with _office() as office:
        try:
            made = office.identity.add_staff(username, password, name, set(roles), point, department)
        except ValueError as error:
            raise click.ClickException(str(error)) from None
    if made is None:
        raise click.ClickException(f"the user name {username} is taken")
    click.echo(f"added {username}")


@main.command()
def openapi() -> None:
    """Print the OpenAPI description."""
    with _app() as app:
        click.echo(app.test_client().get("/openapi.json").text)


def _tell_loaded(file: Path, problems: list[str]) -> None:
    for problem in problems:
        click.echo(f"{file}: {problem}", err=True)
    if problems:
        raise click.ClickException(f"{file} changed nothing: {len(problems)} things to mend")
    click.echo(f"{file}: loaded")


if __name__ == "__main__":
    main()
