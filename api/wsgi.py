"""The app for gunicorn (`gunicorn -k gevent -w 1 api.wsgi:app`); gevent is patched before anything else is imported."""

from gevent import monkey

monkey.patch_all()

import atexit  # noqa: E402
import logging  # noqa: E402
import os  # noqa: E402
import sys  # noqa: E402
from contextlib import ExitStack  # noqa: E402

from flask import Flask  # noqa: E402

from api import logs, private, server  # noqa: E402
from api.app import create_app  # noqa: E402
from api.jobs.processes import SecondProcess  # noqa: E402
from api.refusals import CannotStart  # noqa: E402
from api.settings import TRIAL_RIGHTS, UnsafeStart, read  # noqa: E402
from api.storage.faults import patiently, sentence  # noqa: E402

APP_LOAD_ERROR = 4
"""The exit code by which a worker of gunicorn says that another would fail the same way."""


def _assemble(opened: ExitStack) -> Flask:
    settings = read(os.environ, listens=False)
    logs.set_up(settings.log)
    if settings.lenient:
        logging.getLogger("circle").warning("this is a trial: %s", TRIAL_RIGHTS)
    server.allow_open_files()
    database = opened.enter_context(server.opened(settings))
    app = patiently(lambda: create_app(settings, database=database, live="gevent"))
    patiently(app.extensions["circle"].start)
    opened.callback(app.extensions["circle"].stop)
    server.settle_memory()
    return app


private.make_files_private()
_opened = ExitStack()
atexit.register(_opened.close)
try:
    app = _assemble(_opened)
except (CannotStart, SecondProcess, UnsafeStart) as error:
    sys.stderr.write(f"circle: {error}\n")
    sys.exit(APP_LOAD_ERROR)
except Exception as error:
    words = sentence(error)
    if words is None:
        raise
    sys.stderr.write(f"circle: {words}\n")
    sys.exit(APP_LOAD_ERROR)
