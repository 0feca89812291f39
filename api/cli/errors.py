"""Prints the expected errors of a command as one line, without a traceback."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

import click

from api import settings


@contextmanager
def errors_in_words() -> Iterator[None]:
    """Print an expected error as one line without a traceback, and exit with code 1."""
    from api.jobs.processes import SecondProcess
    from api.refusals import CannotStart, Refusal
    from api.storage.faults import sentence

    try:
        yield
    except (settings.UnsafeStart, CannotStart, SecondProcess) as error:
        click.echo(f"circle: {error}", err=True)
        sys.exit(1)
    except Refusal as refusal:
        click.echo(f"circle: {refusal.words['en']}", err=True)
        sys.exit(1)
    except Exception as error:
        words = sentence(error)
        if words is None:
            raise
        click.echo(f"circle: {words}", err=True)
        sys.exit(1)
