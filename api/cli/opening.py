"""Opens the app, the services or the store for a command."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from api import logs, settings
from api.cli.errors import errors_in_words


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
            try:
                yield app
            finally:
                app.extensions["circle"].stop()


@contextmanager
def opened_office() -> Iterator[Any]:
    """Open the assembled services (api.office.Office)."""
    with opened_app() as app:
        yield app.extensions["circle"]


def recorded(database: Any, act: str, subject: str) -> None:
    """Record in the audit what was done from the command line, where no office is assembled."""
    from api.audit.service import Audit
    from api.audit.store import AuditStore
    from api.times import utc_now

    Audit(AuditStore(database), now=utc_now).record("command-line", act, subject)


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
