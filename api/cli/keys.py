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


@keys.command("new")
def keys_new() -> None:
    """Create a key; every running process encrypts with it from now on. Copy it to all hosts, and keep it safe."""
    from api.identity.sealing.keyring import Keyring

    with errors_in_words():
        folder = settings.read(os.environ).keys
        click.echo(f"made {folder / f'seal-{Keyring.open(folder).add()}.key'}")


@keys.command("rotate")
def keys_rotate() -> None:
    """Re-encrypt everything with the current key, in the background; older keys then move to `retired/`."""
    with opened_office() as office:
        collections = office.rotation.start()
        office.audit.record("command-line", "keys.rotate", f"key:{office.keyring.current}")
    click.echo(f"the worker now seals anew: {', '.join(collections)}")
