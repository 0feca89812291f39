"""The command line `circle …`, a file per subject.

A command imports what it needs when it runs, so that `--help` is quick and `serve` can let gevent patch the standard
library before anything else is imported.
"""

import click

from api import private
from api.cli import audit, content, keys, network, operations, running, sessions, staff

__all__ = ["main"]


@click.group()
def main() -> None:
    """新城服务圈 Service Circle."""
    private.make_files_private()


for _command in (
    running.serve,
    running.worker,
    content.load,
    content.export,
    content.check,
    content.clock,
    content.openapi,
    network.network,
    staff.staff,
    sessions.sessions,
    keys.keys,
    audit.audit,
    operations.migrate,
    operations.backup,
    operations.restore,
    operations.doctor,
):
    main.add_command(_command)
