"""The commands `circle staff`: manage members of staff from the command line of the machine."""

from typing import Any

import click

from api.cli.opening import opened_office
from api.identity.staff.log_in import FIRST_PASSWORD_DAYS

STAFF_ROLES = ("window", "handler", "head", "supervisor", "admin")
"""As in api.identity.staff.roles, which `--help` need not load."""


@click.group()
def staff() -> None:
    """Manage members of staff."""


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
    with opened_office() as office:
        try:
            staff_id = office.identity.add_staff(username, password, name, set(roles), point, department)
        except ValueError as error:
            raise click.ClickException(str(error)) from None
    if staff_id is None:
        raise click.ClickException(f"the user name {username} is taken")
    click.echo(f"added {username}; this first password is good for {FIRST_PASSWORD_DAYS} days")


@staff.command("change")
@click.argument("username")
@click.option("--name")
@click.option("--role", "roles", multiple=True, type=click.Choice(STAFF_ROLES), help="All roles from now on.")
@click.option("--point", help='"" takes it away')
@click.option("--department", help='"" takes it away')
@click.option("--active/--left", default=None, help="Whether they may log in.")
def staff_change(username: str, roles: tuple[str, ...], **options: Any) -> None:
    """Change a post, or end it; the person must log in again."""
    change = {field: None if value == "" else value for field, value in options.items() if value is not None}
    if roles:
        change["roles"] = roles
    with opened_office() as office:
        try:
            row = office.identity.staff.change_by_hand(username, change)
        except ValueError as error:
            raise click.ClickException(str(error)) from None
    if row is None:
        raise click.ClickException(f"nobody is called {username}")
    click.echo(f"changed {username}")


@staff.command("list")
@click.option("--find", help="A part of name, user name, point or department.")
def staff_list(find: str | None) -> None:
    """List the members of staff with their roles; a leading `-` marks who has left."""
    with opened_office() as office:
        after = None
        while rows := office.identity.staff.members({"q": find}, after, 100)[:100]:
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
    """Set a new first password for USERNAME, who must then choose a password and a second factor."""
    with opened_office() as office:
        password = office.identity.staff.reset(username)
    if password is None:
        raise click.ClickException(f"nobody is called {username}")
    click.echo(f"first password of {username}: {password}")
    click.echo(f"It is good for {FIRST_PASSWORD_DAYS} days.")
