"""The commands `circle migrate`, `backup`, `restore` and `doctor`."""

import os
import sys
from pathlib import Path

import click

from api import logs, settings
from api.cli.errors import errors_in_words
from api.cli.opening import opened_store, recorded

LONGEST_NAME = 100
"""Characters of a file's name that the audit keeps."""


@click.command()
def migrate() -> None:
    """Migrate all documents to the versions of this release; every start does this too."""
    from api.office import shape
    from api.operations.service import Migrations, open_keys
    from api.times import utc_now

    with opened_store() as (config, store):
        lines = Migrations(store, shape=shape(open_keys(store, config.keys).seal), now=utc_now).run()
    click.echo("\n".join(lines) or "nothing to do")


@click.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
def backup(file: Path) -> None:
    """Back up everything but the keys into the new FILE, as one snapshot; a server may be running."""
    from api import release
    from api.operations.service import back_up, open_keys
    from api.times import utc_now

    with opened_store() as (config, store):
        keyring = open_keys(store, config.keys)
        manifest = back_up(store, config.var / "networks", file, keyring=keyring, release=release(), now=utc_now())
        recorded(store.database, "backup", f"backup:{file.name[:LONGEST_NAME]}")
    documents = sum(member.get("documents", 0) for member in manifest["members"].values())
    click.echo(
        f"{file}: {documents} documents. Keep it apart from your copy of {config.keys}: neither is of use alone."
    )


@click.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--force", is_flag=True, help="Lose what is in the store now.")
@click.option("--anyway", is_flag=True, help="Take a backup of which nobody can prove who made it: the keys are lost.")
def restore(file: Path, force: bool, anyway: bool) -> None:
    """Restore the backup FILE into an empty store, while no server runs; everybody must log in again."""
    from api.identity.sealing.keyring import Keyring
    from api.office import shape
    from api.operations import service
    from api.storage.embedded import running_uri
    from api.times import utc_now

    with errors_in_words():
        config = settings.read(os.environ)
        if not config.mongodb_uri and running_uri(config.var):
            raise service.RestoreRefused("A circle runs on this data folder. Stop it first.")
    with opened_store() as (config, store):
        keyring = Keyring.existing(config.keys)
        if force:
            service.make_room(store, file, utc_now(), keyring=keyring, anyway=anyway)
        networks = config.var / "networks"
        manifest = service.restore(store, networks, file, keyring=keyring, shape=shape(), now=utc_now(), anyway=anyway)
        recorded(store.database, "restore", f"backup:{file.name[:LONGEST_NAME]}")
    click.echo(f"{file}: restored as of {manifest['made_at']}. Everybody must log in again.")
    click.echo("Numbers of cases and documents go on ahead of those given since then, so that none is given twice.")


@click.command()
def doctor() -> None:
    """Examine this installation: what is wrong and what to do; exit code 1 if something must be repaired."""
    from api.office import shape
    from api.operations.doctor import examine, table
    from api.server import joined
    from api.times import utc_now

    with errors_in_words():
        config = settings.read(os.environ)
    logs.set_up("CRITICAL")
    findings = examine(config, joined, shape().versions, utc_now)
    click.echo(table(findings))
    sys.exit(any(finding.state == "fail" for finding in findings))
