"""The decorators and helpers of routes: who may call, idempotency keys, versions (If-Match, ETag), cursors."""

import base64
import binascii
import hashlib
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import wraps
from typing import Any, Protocol, TypeVar

from flask import Response, g, request

from api.refusals import NotFound, Refusal, VersionMissing, VersionStale
from api.turns import Owner
from api.web.problems import language

View = TypeVar("View", bound=Callable[..., Any])

SERVING = ("window", "handler")
"""Staff who answer people at a point."""
COUNTER = (*SERVING, "head")
"""Staff who work on cases and see personal fields in full."""
READERS = (*COUNTER, "supervisor")
"""Staff who may read what citizens handed in; `admin` may not."""
OFFICE = (*READERS, "admin")
"""All posts; the role `staff` is that of any who logged in with one."""
OPERATING = ("admin", "supervisor")
"""The roles that operate the installation."""

KEY_FORM = re.compile(r"[\x21-\x7e]{8,128}")
VERSION_FORM = re.compile(r'(?:W/)?"(\d{1,9})"')


class TokenMissing(Refusal):
    """The route needs a log-in."""

    code = "token_missing"
    zh = "请先登录。"
    en = "Log in first."


class TokenBad(Refusal):
    """The token is unknown, expired or revoked."""

    code = "token_bad"
    zh = "登录已过期，请重新登录。"
    en = "Your log-in has expired. Log in again."


class RoleWrong(Refusal):
    """The caller is logged in, but has none of the roles that the route allows."""

    code = "role_wrong"
    zh = "您的岗位不能做这件事。"
    en = "Your role may not do this."


class KeyMissing(Refusal):
    """A POST that creates needs an Idempotency-Key."""

    code = "key_missing"
    zh = "请带上 Idempotency-Key(8 到 128 个可见字符),重试时不变。"
    en = "Send an Idempotency-Key (8 to 128 visible characters), the same on every retry."


class BadCursor(Refusal):
    """The cursor is not one that this API has issued."""

    code = "bad_cursor"
    zh = "翻页标记不对，请从第一页开始。"
    en = "The cursor is not one of ours. Start from the first page."


class ActorLike(Protocol):
    """The caller of a route: an id, and the roles that `allow` compares."""

    @property
    def id(self) -> str: ...

    @property
    def roles(self) -> frozenset[str]: ...


@dataclass(frozen=True)
class Visitor:
    """A caller who is not logged in; `id` is a digest of the client's address, `browser` one of what it says it is."""

    id: str
    browser: str = ""
    roles: frozenset[str] = frozenset()


class Once(Protocol):
    """The idempotency mechanism of the jobs room."""

    def run(
        self, key: str, fingerprint: str, create: Callable[[str], Any], load: Callable[[str], Any | None]
    ) -> Any: ...


class Http:
    """The decorators of routes, with what they depend on. Every room and package gets this one object at assembly."""

    def __init__(
        self,
        *,
        actor_of: Callable[[str], ActorLike | None],
        once: Once,
        limit: Callable[[str, str], None],
    ) -> None:
        """`actor_of(token)` gives the holder of a token, or None; `limit(class, person)` counts a call, or raises."""
        self._actor_of = actor_of
        self._once = once
        self._limit = limit

    def allow(self, *roles: str) -> Callable[[View], View]:
        """Declare who may call a route: `anyone`, or some roles; with roles, the view is called with `actor`.

        Refuses with TokenMissing, TokenBad or RoleWrong. The rule stays readable on the view as `allowed`.
        """

        def mark(view: View) -> View:
            @wraps(view)
            def guarded(*args: Any, **kwargs: Any) -> Any:
                if "anyone" not in roles:
                    kwargs["actor"] = self.actor(*roles)
                return view(*args, **kwargs)

            guarded.allowed = roles  # type: ignore[attr-defined]
            return guarded  # type: ignore[return-value]

        return mark

    def visitor(self, view: View) -> View:
        """Call a view for anyone with `actor`: who is logged in, else a `Visitor`. Goes below `allow("anyone")`."""

        @wraps(view)
        def visited(*args: Any, **kwargs: Any) -> Any:
            return view(*args, actor=self._actor_or_visitor(), **kwargs)

        return visited  # type: ignore[return-value]

    def _actor_or_visitor(self) -> ActorLike:
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        known = self._actor_of(token.strip()) if scheme.lower() == "bearer" and token else None
        address, browser = (
            _digest(request.remote_addr or ""),
            f"{request.user_agent} {request.headers.get('Accept-Language')}",
        )
        return known or Visitor(f"address:{address}", browser=_digest(browser))

    def actor(self, *roles: str) -> ActorLike:
        """The caller of this request, who must have one of `roles`.

        Counts the call towards the rate limit. Raises TokenMissing, TokenBad, TooMany or RoleWrong.
        """
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise TokenMissing
        actor = self._actor_of(token.strip())
        if actor is None:
            raise TokenBad
        self._limit(g.get("limited", "read"), actor.id)
        if not actor.roles.intersection(roles):
            raise RoleWrong
        g.actor = actor
        return actor

    def create_once(self, load: Callable[[Any, str], Any]) -> Callable[[View], View]:
        """Require an Idempotency-Key and run the view once per key; a repeat is answered by `load(actor, id)`.

        The view is called with `new_id`, the id of what it creates. Goes directly above the view, inside `bp.response`.
        Refuses with KeyMissing, KeyReused or KeyInFlight.
        """

        def mark(view: View) -> View:
            @wraps(view)
            def once(*args: Any, actor: ActorLike, **kwargs: Any) -> Any:
                key = request.headers.get("Idempotency-Key", "")
                if not KEY_FORM.fullmatch(key):
                    raise KeyMissing
                content = b"\0".join((request.method.encode(), request.path.encode(), request.get_data()))

                def create(new_id: str) -> Any:
                    return view(*args, actor=actor, new_id=new_id, **kwargs)

                def load_created(ref: str) -> Any | None:
                    try:
                        return load(actor, ref)
                    except NotFound:
                        return None

                return self._once.run(f"{actor.id}:{key}", hashlib.sha256(content).hexdigest(), create, load_created)

            once.creates = True  # type: ignore[attr-defined]
            return once  # type: ignore[return-value]

        return mark

    @staticmethod
    def wanted_version() -> int:
        """The version in If-Match, which the change was made against (RFC 9110 §13.1.1).

        Raises VersionMissing where there is none, VersionStale where no version of ours looks like that.
        """
        given = request.headers.get("If-Match", "").strip()
        if not given:
            raise VersionMissing
        match = VERSION_FORM.fullmatch(given)
        if match is None:
            raise VersionStale
        return int(match[1])

    @staticmethod
    def language() -> str:
        """The language of this request's answer, `zh` or `en`."""
        return language()

    @staticmethod
    def etag(version: int) -> dict[str, str]:
        """The ETag header for a resource at this version."""
        return {"ETag": f'"{version}"'}


def owner_of(actor: ActorLike) -> Owner:
    """Whose turn a request waits for: its caller's, or if nobody is logged in, that of a browser in its network."""
    return Owner(actor.id, actor.browser if isinstance(actor, Visitor) else "")


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def json(answer: bytes) -> Response:
    """A response from JSON that is serialised already, for a route whose schema is only its documentation."""
    return Response(answer, mimetype="application/json")


def cursor_of(position: str) -> str:
    """An opaque cursor from the sort key of the last item."""
    return base64.urlsafe_b64encode(position.encode()).decode().rstrip("=")


def position_of(cursor: str | None) -> str | None:
    """The sort key inside a cursor that `cursor_of` made; None for None. Raises BadCursor."""
    if not cursor:
        return None
    try:
        return base64.b64decode(cursor + "=" * (-len(cursor) % 4), b"-_", validate=True).decode()
    except (binascii.Error, ValueError):
        raise BadCursor from None


def page(
    read: Callable[[str | None, int], Sequence[Any]], asked: Mapping[str, Any], *, by: str = "id"
) -> dict[str, Any]:
    """One page of a list: its items, and the cursor of the next page or None. Raises BadCursor.

    `read(after, most)` gives up to `most` rows that come after a sort key, which is the row's field `by`. One row more
    than `asked["limit"]` is read here, to know whether there is another page, so that no service or store counts on it.
    """
    limit = asked["limit"]
    rows = read(position_of(asked.get("cursor")), limit + 1)
    items = rows[:limit]
    return {"items": items, "next": cursor_of(str(items[-1][by])) if len(rows) > limit else None}
