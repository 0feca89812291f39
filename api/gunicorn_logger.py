"""gunicorn's own lines in the form of all others: `gunicorn --logger-class api.gunicorn_logger.JsonLogger`."""

from typing import Any

from gunicorn.glogging import Logger

from api.logs import handler


class JsonLogger(Logger):
    """gunicorn's logger, with our handler."""

    def setup(self, cfg: Any) -> None:
        """Configure it; gunicorn calls this at its start, and again when its configuration is read anew."""
        super().setup(cfg)
        self.error_log.handlers = [handler()]
