"""The commands `circle sessions`: end log-ins."""

import click

from api.cli.opening import opened_office

FOLLOWS = "a running server follows within half a minute"


@click.group()
def sessions() -> None:
    """The log-ins of citizens and staff."""


@sessions.command("end")
@click.option("--staff", "username", help="Of the member of staff with this user name.")
@click.option("--citizen", "phone", help="Of the citizen with this mobile number.")
@click.option("--all", "everybody", is_flag=True, help="Of everybody.")
def sessions_end(username: str | None, phone: str | None, everybody: bool) -> None:
    """End every log-in of one person, or of everybody; who it was may log in again."""
    if sum(map(bool, (username, phone, everybody))) != 1:
        raise click.UsageError("say one of --staff USERNAME, --citizen PHONE and --all")
    with opened_office() as office:
        if everybody:
            click.echo(f"ended the log-ins of {office.ending.of_everybody()} people; {FOLLOWS}")
            return
        try:
            known = office.ending.of_staff(username) if username else office.ending.of_citizen(phone)
        except ValueError as error:
            raise click.ClickException(str(error)) from None
    if not known:
        raise click.ClickException(f"nobody has the {'user name' if username else 'number'} {username or phone}")
    click.echo(f"ended the log-ins of {username or phone}; {FOLLOWS}")
