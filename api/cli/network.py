"""The commands `circle network`: the street networks that travel times come from."""

from pathlib import Path

import click

from api.cli.opening import opened_office


@click.group()
def network() -> None:
    """Street networks for travel times."""


@network.command("add")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--anyway", is_flag=True, help="Use it even if it covers much less than the one in use.")
def network_add(file: Path, anyway: bool) -> None:
    """Build travel times from FILE.osm.pbf and use them from now on."""
    with opened_office() as office:
        click.echo(office.circle.generations.add(file, lambda line: click.echo(line, err=True), anyway=anyway))


@network.command("use")
@click.argument("generation")
def network_use(generation: str) -> None:
    """Go back to a GENERATION of `circle network list`."""
    with opened_office() as office:
        office.circle.generations.use(generation)
        click.echo(generation)


@network.command("list")
def network_list() -> None:
    """List the generations of travel times; the current one is marked."""
    with opened_office() as office:
        for row in office.circle.networks():
            mark = "*" if row["current"] else " "
            nodes = ", ".join(f"{mode} {number:,}" for mode, number in row["nodes"].items())
            covered = "" if row["points"] is None else f"  {row['points']} of {row['of']} points have a street near"
            covered += "" if row["joined"] is None else f", {row['joined']:.0%} of their pairs are joined"
            covered += "" if row["usable"] else "  (its files are gone)"
            click.echo(
                f"{mark} {row['generation']}  {row['file']}  {row['added_at']:%Y-%m-%d %H:%M} UTC  {row['state']}"
            )
            click.echo(f"    sha256 {row['sha256']}  nodes: {nodes}{covered}")
