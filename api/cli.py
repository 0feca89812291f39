"""`circle …`: the command line. Each command imports what it needs: `--help` is quick, and `serve` patches first."""

import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from api import logs, settings

STAFF_ROLES = ("window", "handler", "head", "supervisor", "admin")


@click.group()
def main() -> None:
    """新城服务圈 Service Circle."""


@contextmanager
def _plainly() -> Iterator[None]:
    """Say in words what is wrong, without a traceback, and end with 1."""
    from api.jobs.service import SecondProcess
    from api.refusals import CannotStart, Refusal

    try:
        yield
    except (settings.UnsafeStart, CannotStart, SecondProcess) as error:
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
    from api.cases.clock.reckoning import reckon_file

    try:
        items = json.loads(file.read_text())
        assert isinstance(items, list)
    except (ValueError, AssertionError):
        raise click.ClickException(f"{file} is not a JSON list of {{id, input}}") from None
    click.echo(json.dumps(reckon_file(items, load_calendar()), ensure_ascii=False, indent=1))


@main.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path))
def load(files: tuple[Path, ...]) -> None:
    """Load service points from .csv files, versions of matters from .json; a file with any error changes nothing."""
    with _office() as office:
        for file in files:
            _tell_loaded(
                file, _load_matters(office, file) if file.suffix == ".json" else office.circle.changes.load(file)
            )


@main.command()
@click.argument("what", type=click.Choice(["points", "matters"]), default="points")
def export(what: str) -> None:
    """Print all service points as CSV, or all versions of matters as JSON, which `load` reads back the same."""
    with _office() as office:
        if what == "matters":
            click.echo(json.dumps(office.publishing.export(), ensure_ascii=False, indent=1))
        else:
            click.echo(office.circle.changes.export(), nl=False)


@main.group()
def network() -> None:
    """Street networks for travel times."""


@network.command("add")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def network_add(file: Path) -> None:
    """Build travel times from FILE.osm.pbf and use them from now on."""
    with _office() as office:
        click.echo(office.circle.generations.add(file, lambda line: click.echo(line, err=True)))


@network.command("list")
def network_list() -> None:
    """The generations that are there; the current one is marked."""
    with _office() as office:
        for row in office.circle.networks():
            mark = "*" if row["current"] else " "
            nodes = ", ".join(f"{mode} {number:,}" for mode, number in row["nodes"].items())
            covered = "" if row["points"] is None else f"  {row['points']} of {row['of']} points"
            click.echo(
                f"{mark} {row['generation']}  {row['file']}  {row['added_at']:%Y-%m-%d %H:%M} UTC  {row['state']}"
            )
            click.echo(f"    sha256 {row['sha256']}  nodes: {nodes}{covered}")


@main.group()
def staff() -> None:
    """Members of staff."""


@staff.command("add")
@click.argument("username")
@click.option("--name", required=True)
@click.option(
    "--role",
    "roles",
    multiple=True,
    required=True,
    type=click.Choice(STAFF_ROLES),
)
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


@staff.command("change")
@click.argument("username")
@click.option("--name")
@click.option("--role", "roles", multiple=True, type=click.Choice(STAFF_ROLES), help="All roles from now on.")
@click.option("--point", help='"" takes it away')
@click.option("--department", help='"" takes it away')
@click.option("--active/--left", default=None, help="Whether they may log in.")
def staff_change(username: str, roles: tuple[str, ...], **told: Any) -> None:
    """Change a post, or end it; the person logs in anew."""
    change = {field: None if value == "" else value for field, value in told.items() if value is not None}
    if roles:
        change["roles"] = roles
    with _office() as office:
        try:
            row = office.identity.officers.change_by_hand(username, change)
        except ValueError as error:
            raise click.ClickException(str(error)) from None
    if row is None:
        raise click.ClickException(f"nobody is called {username}")
    click.echo(f"changed {username}")


@staff.command("list")
@click.option("--find", help="A part of name, user name, point or department.")
def staff_list(find: str | None) -> None:
    """Everybody, with their roles; a leading `-` marks who has left."""
    with _office() as office:
        after = None
        while rows := office.identity.officers.all({"q": find}, after, 100)[:100]:
            for row in rows:
                mark, factor = " " if row["active"] else "-", "TOTP" if row["totp"] else ""
                place = f"{row['department'] or ''} {row['point'] or ''}"
                click.echo(
                    f"{mark} {row['username']}  {row['name']}  {','.join(row['roles'])}  {place}  {factor}".rstrip()
                )
            after = rows[-1]["id"]


@staff.command("reset")
@click.argument("username")
def staff_reset(username: str) -> None:
    """A new first password for USERNAME, who then sets a password and a second factor anew."""
    with _office() as office:
        password = office.identity.officers.reset(username)
    if password is None:
        raise click.ClickException(f"nobody is called {username}")
    click.echo(f"first password of {username}: {password}")


@main.group()
def keys() -> None:
    """The keys that personal data is sealed with."""


@keys.command("list")
@click.option("--used", is_flag=True, help="Count what each key seals; reads the whole store.")
def keys_list(used: bool) -> None:
    """The keys; the current one is marked."""
    with _office() as office:
        counts = office.rotation.used() if used else {}
        for key_id in office.keyring.ids():
            mark = "*" if key_id == office.keyring.current else " "
            where = ", ".join(f"{field} {n}" for field, n in sorted(counts.get(key_id, {}).items()))
            click.echo(f"{mark} seal-{key_id}  {where}".rstrip())


@keys.command("new")
def keys_new() -> None:
    """Make a key, which every running process seals with from now on. Copy it to all hosts, and keep it safe."""
    from api.identity.sealing.keyring import Keyring

    with _plainly():
        folder = settings.read(os.environ).keys
        click.echo(f"made {folder / f'seal-{Keyring.open(folder).add()}.key'}")


@keys.command("rotate")
def keys_rotate() -> None:
    """Seal everything with the current key, in the background; older keys then move to `retired/`."""
    with _office() as office:
        collections = office.rotation.start()
    click.echo(f"the worker now seals anew: {', '.join(collections)}")


@main.group()
def audit() -> None:
    """Who read or changed what, in a hash chain."""


@audit.command("head")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="Write it there instead of printing it.")
def audit_head(out: Path | None) -> None:
    """Where the chain ends, as JSON: keep it elsewhere, and `audit verify --head` proves what came before it."""
    with _office() as office:
        text = json.dumps(asdict(office.audit.head()))
    if out is None:
        click.echo(text)
    else:
        out.write_text(text + "\n")


@audit.command("verify")
@click.option("--head", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="A head kept elsewhere.")
def audit_verify(head: Path | None) -> None:
    """Look for edited, removed and inserted rows; ends with 1 where there are any."""
    from api.audit.audit import Head

    try:
        anchor = Head(**json.loads(head.read_text())) if head else None
    except (ValueError, TypeError):
        raise click.ClickException(f"{head} is no head of an audit chain") from None
    with _office() as office:
        report = office.audit.verify(anchor)
    for fault in report.faults:
        click.echo(f"batch {fault.batch}, row {fault.seq or '-'}: {fault.kind}: {fault.words}", err=True)
    since = f", the oldest of {report.unsealed_since:%Y-%m-%d %H:%M:%S} UTC" if report.unsealed_since else ""
    click.echo(f"{report.head.seq} rows in {report.head.batch} batches; {report.unsealed} not sealed yet{since}")
    if report.faults:
        raise click.ClickException(f"the audit was tampered with: {len(report.faults)} faults")


@contextmanager
def _store() -> Iterator[tuple[settings.Settings, Any]]:
    """The store as a whole, with nothing assembled on it."""
    with _plainly():
        from api.operations.store import OperationsStore
        from api.server import joined

        logs.set_up("WARNING")
        told = settings.read(os.environ)
        with joined(told) as database:
            yield told, OperationsStore(database)


@main.command()
def migrate() -> None:
    """Bring the documents to this release's versions; every start does it too."""
    from api.office import shape
    from api.operations.service import Migrations
    from api.times import utc_now

    with _store() as (_, store):
        lines = Migrations(store, shape=shape(), now=utc_now).run()
    click.echo("\n".join(lines) or "nothing to do")


@main.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
def backup(file: Path) -> None:
    """Write everything but the keys into the new FILE, as of one moment, beside a running server or without."""
    from api import release
    from api.operations.service import back_up
    from api.times import utc_now

    with _store() as (told, store):
        made = back_up(store, told.var / "networks", file, release=release(), now=utc_now())
    documents = sum(member.get("documents", 0) for member in made["members"].values())
    click.echo(f"{file}: {documents} documents. Keep it apart from your copy of {told.keys}: neither is of use alone.")


@main.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--force", is_flag=True, help="Lose what is in the store now.")
def restore(file: Path, force: bool) -> None:
    """Put the backup FILE into an empty store, while no server runs."""
    from api.office import shape
    from api.operations import service
    from api.storage.embedded import running_uri
    from api.times import utc_now

    with _plainly():
        told = settings.read(os.environ)
        if not told.mongodb_uri and running_uri(told.var):
            raise service.RestoreRefused("A circle runs on this data folder. Stop it first.")
    with _store() as (told, store):
        if force:
            service.make_room(store, file, utc_now())
        made = service.restore(store, told.var / "networks", file, shape=shape(), now=utc_now())
    click.echo(f"{file}: restored as of {made['made_at']}. Put its keys into {told.keys} before the next start.")


@main.command()
def doctor() -> None:
    """Say what is wrong with this installation and what to do; end with 1 where something must be mended."""
    from api.office import shape
    from api.operations.doctor import examine, table
    from api.server import joined
    from api.times import utc_now

    with _plainly():
        told = settings.read(os.environ)
    logs.set_up("CRITICAL")
    findings = examine(told, joined, shape().versions, utc_now)
    click.echo(table(findings))
    sys.exit(any(finding.state == "fail" for finding in findings))


@main.command()
def check() -> None:
    """List what the district must still confirm."""
    with _office() as office:
        for heading, lines in office.open_questions().items():
            click.echo(f"{heading}: {len(lines)}")
            for line in lines:
                click.echo(f"  {line}")


@main.command()
def openapi() -> None:
    """Print the OpenAPI description."""
    with _app() as app:
        click.echo(app.test_client().get("/openapi.json").text)


def _load_matters(office: Any, file: Path) -> list[str]:
    """Publish the versions of a JSON file that are not there yet; all that is wrong, a line each."""
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


def _tell_loaded(file: Path, problems: list[str]) -> None:
    for problem in problems:
        click.echo(f"{file}: {problem}", err=True)
    if problems:
        raise click.ClickException(f"{file} changed nothing: {len(problems)} things to mend")
    click.echo(f"{file}: loaded")


if __name__ == "__main__":
    main()
