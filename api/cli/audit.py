"""The commands `circle audit`: print the head of the hash chain, verify the chain."""

import json
from dataclasses import asdict
from pathlib import Path

import click

from api.cli.opening import opened_office


@click.group()
def audit() -> None:
    """The audit log: who read or changed what, in a hash chain."""


@audit.command("head")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="Write it there instead of printing it.")
def audit_head(out: Path | None) -> None:
    """Print the head of the chain as JSON. Keep it elsewhere: `audit verify --head` then proves what came before."""
    with opened_office() as office:
        text = json.dumps(asdict(office.audit.head()))
    if out is None:
        click.echo(text)
    else:
        out.write_text(text + "\n")


@audit.command("verify")
@click.option("--head", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="A head kept elsewhere.")
def audit_verify(head: Path | None) -> None:
    """Verify the chain: look for edited, removed and inserted rows; exit code 1 if there are any."""
    from api.audit.audit import Head

    try:
        anchor = Head(**json.loads(head.read_text())) if head else None
    except (ValueError, TypeError):
        raise click.ClickException(f"{head} is no head of an audit chain") from None
    with opened_office() as office:
        report = office.audit.verify(anchor)
    for fault in report.faults:
        click.echo(f"batch {fault.batch}, row {fault.seq or '-'}: {fault.kind}: {fault.words}", err=True)
    since = f", the oldest of {report.unsealed_since:%Y-%m-%d %H:%M:%S} UTC" if report.unsealed_since else ""
    click.echo(f"{report.head.seq} rows in {report.head.batch} batches; {report.unsealed} not sealed yet{since}")
    if report.faults:
        raise click.ClickException(f"the audit was tampered with: {len(report.faults)} faults")
