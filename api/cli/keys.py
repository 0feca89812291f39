"""The commands `circle keys`: the keys that encrypt personal data."""

import os

import click

from api import settings
from api.cli.errors import errors_in_words
from api.cli.opening import opened_office


@click.group()
def keys() -> None:
    """The keys that encrypt personal data."""


@keys.command("list")
@click.option("--used", is_flag=True, help="Count what each key seals; reads the whole store.")
def keys_list(used: bool) -> None:
    """List the keys; the current one is marked."""
    with opened_office() as office:
        counts = office.rotation.used() if used else {}
        for key_id in office.keyring.ids():
            mark = "*" if key_id == office.keyring.current else " "
            where = ", ".join(f"{field} {n}" for field, n in sorted(counts.get(key_id, {}).items()))
            click.echo(f"{mark} seal-{key_id}  {where}".rstrip())
        for stage in range(1, office.keyring.index_keys() + 1):
            mark = "*" if stage == office.keyring.floor else " "
            click.echo(f"{mark} index{f'-{stage}' if stage > 1 else ''}")


@keys.command("new")
def keys_new() -> None:
    """Create a key; every running process encrypts with it from now on. Copy it to all hosts, and keep it safe."""
    from api.identity.sealing.keyring import Keyring

    with errors_in_words():
        folder = settings.read(os.environ).keys
        click.echo(f"made {folder / f'seal-{Keyring.open(folder).add()}.key'}")


@keys.command("rotate-index")
def keys_rotate_index() -> None:
    """Create a new index key and bring every blind index under it, in the background. Copy the key to all hosts."""
    with opened_office() as office:
        stage = office.index_rotation.start()
        path = office.settings.keys / f"index-{stage}.key"
    click.echo(f"the worker now brings what is looked up under {path}; it goes on once every process has that file")


@keys.command("rotate")
def keys_rotate() -> None:
    """Re-encrypt everything with the current key, in the background; older keys then move to `retired/`."""
    with opened_office() as office:
        collections = office.rotation.start()
    click.echo(f"the worker now seals anew: {', '.join(collections)}")
