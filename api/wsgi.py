"""The app for gunicorn (`gunicorn -k gevent -w 1 api.wsgi:app`); gevent is patched before anything else is imported."""

from gevent import monkey

monkey.patch_all()

import atexit  # noqa: E402
import os  # noqa: E402
from contextlib import ExitStack  # noqa: E402

from api import logs, server  # noqa: E402
from api.app import create_app  # noqa: E402
from api.settings import read  # noqa: E402

settings = read(os.environ)
logs.set_up(settings.log)
_open = ExitStack()
atexit.register(_open.close)
app = create_app(settings, database=_open.enter_context(server.opened(settings)), live="gevent")
app.extensions["circle"].start()
_open.callback(app.extensions["circle"].stop)
