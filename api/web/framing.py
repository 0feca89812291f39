"""The framing of requests: one whose end could be read in two ways is refused (RFC 9112), against request smuggling."""

import re
from email.message import Message
from typing import Any

from gevent.pywsgi import WSGIHandler

LENGTH = re.compile(r"\d{1,18}", re.ASCII)


class StrictHandler(WSGIHandler):
    """gevent's handler, which answers 400 to a request whose end could be read in two ways, and hangs up.

    A proxy that reads it the other way would take what follows for another person's request. gunicorn, which serves
    the larger sizes, refuses these itself.
    """

    def MessageClass(self, *args: Any) -> Message:  # noqa: N802 - gevent's name
        """The header fields of a request. Raises ValueError."""
        headers: Message = super().MessageClass(*args)
        check_framing(headers)
        return headers


def check_framing(headers: Message) -> None:
    """Raises ValueError unless these fields say in one way only where the request ends (RFC 9112 §3.2, §5, §6)."""
    lengths, codings, hosts = (headers.get_all(name, []) for name in ("content-length", "transfer-encoding", "host"))
    no_field = bool(headers.get_payload())  # what follows a line that is none
    folded = any("\n" in value or "\r" in value for value in headers.values())
    known = all(LENGTH.fullmatch(n) for n in lengths) and all(coding.lower() == "chunked" for coding in codings)
    if no_field or folded or not known or len(lengths) + len(codings) > 1 or len(hosts) > 1:
        raise ValueError("ambiguous header fields")
