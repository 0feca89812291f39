"""Opens the app, the services or the store for a command; prints expected errors as one line."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import click

from api import logs, settings


@contextmanager
def errors_in_words() -> Iterator[None]:
    """Print an expected error as one line without a traceback, and exit with code 1."""
    from api.jobs.processes import SecondProcess
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
def opened_app() -> Iterator[Any]:
    """Open the assembled Flask app, on the store of a running server or on one started for this command."""
    with errors_in_words():
        from api.app import create_app
        from api.server import joined

        logs.set_up("WARNING")
        config = settings.read(os.environ)
        with joined(config) as database:
            app = create_app(config, database=database)
            yield app
            app.extensions["circle"].stop()


@contextmanager
def opened_office() -> Iterator[Any]:
    """Open the assembled services (api.office.Office)."""
    with opened_app() as app:
        yield app.extensions["circle"]


@contextmanager
def opened_store() -> Iterator[tuple[settings.Settings, Any]]:
    """Open the whole store (OperationsStore) without the app; gives it with the settings."""
    with errors_in_words():
        from api.operations.store import OperationsStore
        from api.server import joined

        logs.set_up("WARNING")
        config = settings.read(os.environ)
        with joined(config) as database:
            yield config, OperationsStore(database)
