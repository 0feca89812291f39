"""A small office around the chat: people with tokens, desks, cards and files behind its ports; notices are noted."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

from flask import Flask
from flask_smorest import Api

from api.identity.sealing.keyring import Keyring
from api.jobs import store as jobs_store
from api.jobs.idempotency import Idempotency
from api.refusals import Refusal
from api.storage.database import Database
from api.web.guard import Http
from api.web.limits import network_of
from api.web.problems import preferred
from chat import INDEXES, Chat, LineLimits, Ports, attach, blueprint
from chat import Refusal as ChatRefusal

STATUS = {
    "token_missing": 401,
    "token_bad": 401,
    "role_wrong": 403,
    "not_found": 404,
    "bad_cursor": 400,
    "key_missing": 400,
    "version_missing": 428,
    "version_stale": 412,
    "bad_fields": 422,
    "key_reused": 422,
    "unavailable": 503,
    "conversation_closed": 409,
    "claim_first": 409,
    "not_the_officer": 409,
    "already_claimed": 409,
    "at_capacity": 409,
    "already_rated": 409,
    "already_blocked": 409,
    "blocked": 403,
    "too_often": 429,
    "officer_away": 409,
    "wrong_state": 409,
    "reopen_too_late": 409,
}


FAST = 10**9
"""Messages per minute that one person may send in tests: in effect no limit."""

ROOMY = LineLimits(FAST, FAST, FAST)
"""Websockets that may be open in tests: in effect no limit."""


@dataclass(frozen=True)
class Actor:
    """A citizen or a member of staff, with a token."""

    id: str
    kind: str
    name: str
    roles: frozenset[str]
    token: str
    session: str
    point: str | None = None

    @property
    def is_staff(self) -> bool:
        return self.kind == "staff"


@dataclass
class Hours:
    """The opening hours of the desks: open now, or when next."""

    open: bool = True
    next_opens_at: datetime | None = None


@dataclass
class Office:
    """The people and what the ports answer. `mine` maps a card to the only citizen who may see it; None: everybody."""

    people: dict[str, Actor] = field(default_factory=dict)
    hours: Hours = field(default_factory=Hours)
    desks: set[str] = field(default_factory=lambda: {"XC-H01", "XC-H02"})
    mine: dict[tuple[str, str], str | None] = field(default_factory=lambda: {("guide", "0101"): None})
    uploads: dict[str, str] = field(default_factory=dict)
    skills: dict[str, str] = field(default_factory=dict)
    told: list[tuple[str, str, int]] = field(default_factory=list)
    reminded: list[tuple[str, str, str]] = field(default_factory=list)
    announced: list[tuple[str, str]] = field(default_factory=list)
    audited: list[tuple[str, str, str]] = field(default_factory=list)
    refused: list[tuple[str, str]] = field(default_factory=list)
    keyring: Keyring | None = None
    """Real keys; without them a sealed text is its mirror image."""

    def citizen(self, name: str = "张三") -> Actor:
        """A new citizen."""
        return self._person("citizen", name, frozenset({"citizen"}))

    def officer(self, name: str = "王窗口", role: str = "window", point: str | None = "XC-H01") -> Actor:
        """A new officer, posted to a point."""
        return self._person("staff", name, frozenset({"staff", role}), point)

    def actor(self, token: str) -> Actor | None:
        """The person to whom a token belongs, or None."""
        return self.people.get(token)

    def ports(self) -> Ports:
        """The ports of the chat, answered by this office."""
        return Ports(
            desk_for=lambda matter, point: (point or "XC-H01") if (point or "XC-H01") in self.desks else None,
            desk_open=lambda desk, at: self.hours,
            card=self._card,
            file=self._file,
            name_of=lambda citizen: next(one.name for one in self.people.values() if one.id == citizen),
            away=lambda *told: self.told.append(told),
            announce=lambda session, type, subject, **data: self.announced.append((type, subject)),
            record=lambda actor, act, subject, session=None, **more: self.audited.append((actor, act, subject)),
            has_slip=lambda number: number.endswith("slip"),
            case_kept=lambda number: True,
            skills_of=lambda matter: [self.skills[matter]] if matter in self.skills else [],
            seal=self.keyring.seal if self.keyring else _seal,
            open_sealed=self.keyring.open_sealed if self.keyring else _open,
            printed=lambda compose, reader: repr(compose()).encode(),
            remind=lambda desk, conversation, at, what: self.reminded.append((desk, conversation, what)),
        )

    def _person(self, kind: str, name: str, roles: frozenset[str], point: str | None = None) -> Actor:
        one = Actor(str(uuid4()), kind, name, roles, token=uuid4().hex, session=uuid4().hex, point=point)
        self.people[one.token] = one
        return one

    def _card(self, type: str, ref: str, viewer: Any) -> dict[str, Any] | None:
        if type == "point":
            return {"title": ref} if ref in self.desks else None
        owner = self.mine.get((type, ref), "nobody")
        return (
            {"ref": ref, "title": f"{type} {ref}"} if owner is None or viewer.is_staff or viewer.id == owner else None
        )

    def _file(self, upload: str, viewer: Any) -> dict[str, Any] | None:
        if self.uploads.get(upload) != viewer.id:
            return None
        return {"id": upload, "name": "照片.jpg", "type": "image/jpeg", "size": 9, "received": 9}


def _seal(record: str, field: str, text: str) -> str:
    return f"sealed:{record}:{field}:{text[::-1]}"


def _open(record: str, field: str, sealed: str) -> str:
    start = f"sealed:{record}:{field}:"
    assert sealed.startswith(start)
    return sealed.removeprefix(start)[::-1]


def utc_now() -> datetime:
    """The real time in UTC."""
    return datetime.now(UTC)


def site(
    database: Database,
    office: Office,
    now: Callable[[], datetime],
    mode: str,
    redis_url: str | None = None,
    limits: LineLimits = ROOMY,
) -> tuple[Flask, Chat]:
    """The chat in a Flask app of its own, with its HTTP routes and its socket."""
    database.ensure(INDEXES)
    chat = Chat(database, ports=office.ports(), now=now, posts_a_minute=FAST)
    app = Flask("chat")
    app.add_url_rule("/readyz", view_func=lambda: "ready\n")
    app.config |= {"API_TITLE": "chat", "API_VERSION": "1", "OPENAPI_VERSION": "3.1.0"}
    api = Api(app)
    http = Http(
        actor_of=office.actor, once=Idempotency(jobs_store.JobStore(database), now=now), limit=lambda kind, person: None
    )
    api.register_blueprint(blueprint(chat, http))

    def refused(error: Any) -> tuple[dict[str, Any], int]:
        return {"code": error.code, "detail": error.words["zh"], "errors": error.errors}, STATUS[error.code]

    for kind in (Refusal, ChatRefusal):
        app.register_error_handler(kind, refused)
    attach(
        app,
        chat,
        office.actor,
        language_of=preferred,
        note_refusal=lambda person, refusal, environ: office.refused.append((person, refusal.code)),
        network_of=network_of,
        mode=mode,
        redis_url=redis_url,
        limits=limits,
    )
    return app, chat


def hours_later(now: datetime) -> Hours:
    """Hours of a desk that is closed, and opens again in 15 hours."""
    return Hours(open=False, next_opens_at=now + timedelta(hours=15))


def said(text: str, client_id: str | None = None, kind: str = "text") -> dict[str, Any]:
    """The body of a post."""
    return {"client_id": client_id or str(uuid4()), "kind": kind, "text": text}
