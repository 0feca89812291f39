"""Structured logs: one JSON object per line, with the fields of `extra`, and no personal data.

Our own messages are fixed sentences; their extras are ids and counts. Messages of libraries may contain personal data,
so only their format string is logged; of an exception only its type and place, never its message. What a stranger can
cause is bounded: the length of every text in a line, and the lines of one place in a minute.
"""

import json
import logging
import sys
import threading
from datetime import UTC, datetime
from types import TracebackType
from typing import Any

PLAIN = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}
OURS = "circle"
FRAMES = 12
MOST_CHARACTERS = 200
"""The longest text in a line."""

A_MINUTE = 10
"""Warnings and errors of one place (and one type of exception) in a minute; the next minute's first counts the rest."""

LINE_BREAKS = {ord(mark): f"\\u{ord(mark):04x}" for mark in "\x7f\x85\u2028\u2029"}
"""What JSON leaves as it is, though some programs begin a new line there."""

GUNICORN = "gunicorn.error"
QUOTING = ("Invalid request", "Error handling request")
"""Beginnings of messages into which gunicorn writes what a stranger sent; the rest of such a message is left out."""


class JsonLines(logging.Formatter):
    """A record as one line of JSON."""

    def format(self, record: logging.LogRecord) -> str:
        """Time, level, logger, message, then the extras; of an exception its type and place."""
        ours = record.name.partition(".")[0] == OURS
        line: dict[str, Any] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "log": record.name,
            "said": _cut(_message(record, ours)),
        }
        if ours:
            line |= {key: _cut(value) for key, value in vars(record).items() if key not in PLAIN}
        elif hasattr(record, "left_out"):
            line["left_out"] = record.left_out
        if record.exc_info and record.exc_info[0]:
            line["error"] = record.exc_info[0].__name__
            line["where"] = _frames(record.exc_info[2])
        return json.dumps(line, ensure_ascii=False, default=_text).translate(LINE_BREAKS)


class Sparing(logging.Filter):
    """Lets A_MINUTE warnings of one place through in a minute; the next that passes has the number `left_out`."""

    def __init__(self) -> None:
        super().__init__()
        self._counts: dict[tuple[Any, ...], tuple[int, int]] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether the record is written."""
        if record.levelno < logging.WARNING:
            return True
        place = (record.pathname, record.lineno, *_origin(record.exc_info))
        minute = int(record.created // 60)
        begun, count = self._counts.get(place, (minute, 0))
        if begun != minute:
            if count > A_MINUTE:
                record.left_out = count - A_MINUTE
            begun, count = minute, 0
        self._counts[place] = (begun, count + 1)
        return count < A_MINUTE


def _cut(value: Any) -> Any:
    return value if not isinstance(value, str) or len(value) <= MOST_CHARACTERS else value[:MOST_CHARACTERS] + "…"


def _text(value: Any) -> Any:
    return _cut(str(value))


def _origin(exception: Any) -> tuple[Any, ...]:
    """The type of an exception, and the code and line that raised it."""
    kind, _, trace = exception or (None, None, None)
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return (kind, trace.tb_frame.f_code, trace.tb_lineno) if trace is not None else (kind,)


def _message(record: logging.LogRecord, ours: bool) -> str:
    if ours:
        return record.getMessage()
    if record.name == "py.warnings":
        return ": ".join(str(record.msg).split(": ")[:2])  # file, line and category
    if record.name != GUNICORN:
        return str(record.msg)
    message = record.getMessage()
    return next((start for start in QUOTING if message.startswith(start)), message)


def _frames(trace: TracebackType | None) -> list[str]:
    frames = []
    while trace is not None:
        code = trace.tb_frame.f_code
        frames.append(f"{code.co_filename.rsplit('/', 3)[-1]}:{trace.tb_lineno} {code.co_name}")
        trace = trace.tb_next
    return frames[-FRAMES:]


def handler() -> logging.Handler:
    """The handler that writes to standard error."""
    stream = logging.StreamHandler(sys.stderr)
    stream.setFormatter(JsonLines())
    stream.addFilter(Sparing())
    return stream


def set_up(level: str = "INFO") -> None:
    """Configure logging to standard error: our messages from `level` on, those of libraries from WARNING on.

    What would be printed besides (of threads, greenlets, finalisers, warnings, by gunicorn) is logged the same way.
    """
    logging.basicConfig(level="WARNING", handlers=[handler()], force=True)
    logging.getLogger(OURS).setLevel(level)
    logging.raiseExceptions = False  # else a record that cannot be written is printed with its values
    logging.captureWarnings(True)
    threading.excepthook = _thread_failed
    sys.unraisablehook = _finaliser_failed
    _take_over_gevent()
    _take_over_gunicorn()


def _take_over_gevent() -> None:
    """Log what ends a greenlet, or is raised in gevent's thread pool, which gevent prints to standard error."""
    if "gevent" in sys.modules:
        from gevent import get_hub

        get_hub().print_exception = _greenlet_failed


def _take_over_gunicorn() -> None:
    """Have gunicorn's worker log as the rest, in case it was started without `--logger-class`."""
    if "gunicorn.glogging" in sys.modules:
        gunicorn = logging.getLogger(GUNICORN)
        gunicorn.handlers, gunicorn.propagate = [], True


def _failed(what: str, *exception: Any) -> None:
    logging.getLogger(f"{OURS}.threads").error(f"{what} ended by an exception", exc_info=exception)


def _thread_failed(failed: threading.ExceptHookArgs) -> None:
    if failed.exc_value is not None:
        _failed("a thread", failed.exc_type, failed.exc_value, failed.exc_traceback)


def _finaliser_failed(failed: Any) -> None:
    _failed("a finaliser", failed.exc_type, failed.exc_value, failed.exc_traceback)


def _greenlet_failed(
    context: Any, kind: type[BaseException], error: BaseException, trace: TracebackType | None
) -> None:
    _failed("a greenlet", kind, error, trace)
