"""Rate limits per address and per person: the class of each route, and the limits of each class.

Counted by fixed windows, in memory for one process, in Redis for more (with `limits`, the library under Flask-Limiter).
Limits per address are generous: one address of a mobile carrier stands for thousands of citizens. Fails open.
"""

import logging
import time
from collections.abc import Callable
from functools import lru_cache
from ipaddress import IPv6Network, ip_address
from typing import NamedTuple

from limits import RateLimitItem, parse_many
from limits.errors import StorageError
from limits.storage import storage_from_string
from limits.strategies import FixedWindowRateLimiter

from api.refusals import Refusal

log = logging.getLogger("circle.limits")


class TooMany(Refusal):
    """The rate limit of this class of routes is exceeded; `retry_after` says in seconds when to call again."""

    code = "too_many"
    zh = "操作太频繁，请稍等再试。"
    en = "Too many requests. Wait a little, then try again."


class RateLimit(NamedTuple):
    """The limits of a class of routes, for all its routes together: per address, and per person; "" for none."""

    address: str
    person: str


RATES: dict[str, RateLimit] = {
    "code": RateLimit("30/minute;300/hour", ""),
    "log_in": RateLimit("60/minute;600/hour", ""),
    "look_up": RateLimit("60/minute;600/hour", ""),
    "verify": RateLimit("60/minute;600/hour", ""),
    "print": RateLimit("12000/minute", "30/minute"),  # presses are shared out by api.turns, not by the address
    "search": RateLimit("1200/minute", "300/minute"),
    "upload": RateLimit("6000/minute", "3000/minute"),
    "write": RateLimit("3000/minute", "600/minute"),
    "read": RateLimit("12000/minute", "3000/minute"),
}
STRICT = ("code", "log_in", "look_up", "verify")
"""Classes of routes that allow guessing or cost money."""

CLASSES: dict[tuple[str, str], str] = {
    ("POST", "/v1/sessions/codes"): "code",
    ("POST", "/v1/me/proof/code"): "code",
    ("POST", "/v1/me/proof"): "log_in",
    ("POST", "/v1/sessions"): "log_in",
    ("POST", "/v1/sessions/wechat"): "log_in",
    ("POST", "/v1/sessions/refresh"): "log_in",
    ("POST", "/v1/staff/sessions"): "log_in",
    ("POST", "/v1/lookups"): "look_up",
    ("POST", "/plain/case"): "look_up",
    ("GET", "/verify/<code>"): "verify",
    ("POST", "/verify"): "verify",
    ("POST", "/v1/reports"): "look_up",
    ("GET", "/v1/matters/search"): "search",
    ("GET", "/plain/search"): "search",
    ("GET", "/v1/conversations/<conversation>/search"): "search",
    ("GET", "/v1/desk/messages"): "search",
    ("GET", "/v1/matters/<code>/guide.pdf"): "print",
    ("GET", "/v1/cases/<number>/receipt.pdf"): "print",
    ("GET", "/v1/conversations/<conversation>/transcript.pdf"): "print",
}


def class_of(method: str, rule: str) -> str:
    """The class of a route: that of CLASSES, `upload` for uploads, else `read` or `write` by method.

    HEAD does what GET does, and so is limited as it is.
    """
    if rule.startswith("/v1/uploads"):
        return "upload"
    by_method = "read" if method in {"GET", "HEAD", "OPTIONS"} else "write"
    return CLASSES.get(("GET" if method == "HEAD" else method, rule), by_method)


@lru_cache(4_096)
def network_of(address: str) -> str:
    """What counts as one address: an IPv4 address, or the /64 that one subscriber holds whole (RFC 6177).

    The same for limits, visitors, websockets, connections and the audit: 192.0.2.7, 2001:db8::/64 (RFC 5952). An IPv4
    address written as IPv6 is itself; a text that is no address counts as it stands.
    """
    try:
        parsed = ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if parsed.version == 4:
        return str(parsed)
    if parsed.ipv4_mapped:
        return str(parsed.ipv4_mapped)
    return str(IPv6Network((parsed.packed, 64), strict=False))


class RateLimiter:
    """Counts calls and refuses those beyond a limit.

    For an address that `spares` accepts, only the limit of look-ups holds.

    Fails open: while the counters cannot be reached, calls are let through and the failure is logged.
    """

    def __init__(self, redis_url: str = "", spares: Callable[[str], bool] = lambda address: False) -> None:
        storage = storage_from_string(redis_url or "memory://", wrap_exceptions=True)
        self._window = FixedWindowRateLimiter(storage)
        self._spares = spares
        self._by_address = {kind: parse_many(rate.address) for kind, rate in RATES.items()}
        self._by_person = {kind: parse_many(rate.person) if rate.person else [] for kind, rate in RATES.items()}

    def address(self, kind: str, address: str) -> None:
        """Count a call from an address, or from its /64. Raises TooMany."""
        if kind == "look_up" or not self._spares(address):
            self._count(self._by_address[kind], kind, f"at:{network_of(address)}")

    def person(self, kind: str, person: str) -> None:
        """Count a call by somebody who is logged in. Raises TooMany."""
        self._count(self._by_person[kind], kind, f"by:{person}")

    def _count(self, items: list[RateLimitItem], kind: str, who: str) -> None:
        try:
            for item in items:
                if not self._window.hit(item, kind, who):
                    ends = self._window.get_window_stats(item, kind, who).reset_time
                    raise TooMany(retry_after=max(1, int(ends - time.time()) + 1))
        except StorageError:  # fails open
            log.exception("limits are not counted")
