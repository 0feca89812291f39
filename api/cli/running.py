"""The commands `circle serve` and `circle worker`."""

import os

import click

from api import logs, settings
from api.cli.errors import errors_in_words


@click.command()
def serve() -> None:
    """Run web server, background work and (without MONGODB_URI) the embedded store in one process."""
    from gevent import monkey

    monkey.patch_all()
    with errors_in_words():
        from api.server import serve as run

        config = settings.read(os.environ)
        logs.set_up(config.log)
        run(config)


@click.command()
def worker() -> None:
    """Run background work only, beside web processes on the same MongoDB and Redis."""
    from gevent import monkey

    monkey.patch_all()
    with errors_in_words():
        from api.server import work

        config = settings.read(os.environ)
        logs.set_up(config.log)
        work(config)
