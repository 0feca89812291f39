"""Sessions and their tokens: opaque, stored hashed, rotated at each refresh, revocable at once."""

import threading
from collections.abc import Callable
from datetime import datetime, timedelta

from uuid6 import uuid7

from api.identity import tokens
from api.identity.actor import Actor
from api.identity.ports import Dependencies, Row
from api.identity.staff.log_in import is_idle

CACHE_SECONDS = 30


class Sessions:
    """The sessions of citizens and staff.

    `person` makes the actor of a session's row; None if the person has left.
    """

    def __init__(self, dependencies: Dependencies, person: Callable[[Row], Actor | None]) -> None:
        self._store, self._now, self._ports = dependencies.store, dependencies.now, dependencies.ports
        self._person = person
        self._actors: dict[str, tuple[datetime, Actor]] = {}
        self._lock = threading.Lock()

    def begin(self, kind: str, who: str, family: str = "") -> Row:
        """Start a session for a person; `family` is that of the session that it refreshes."""
        if not family:
            self._ports.note_at_once("log_in", actor=who, subject=f"{kind}:{who}")
        now, token, refresh = self._now(), tokens.new_token(), tokens.new_token()
        refresh_ends_at = now + timedelta(days=tokens.REFRESH_DAYS)
        self._store.add_session(
            {
                "_id": tokens.digest(token),
                "refresh": tokens.digest(refresh),
                "refresh_used": False,
                "family": family or str(uuid7()),
                "kind": kind,
                "who": who,
                "ended": False,
                "seen_at": now,
                "expires_at": now + timedelta(seconds=tokens.TOKEN_SECONDS),
                "refresh_ends_at": refresh_ends_at,
                "delete_at": refresh_ends_at,
            }
        )
        if kind == "citizen":
            self._store.change_citizen(who, {"seen_at": now})
        return {"token": token, "refresh_token": refresh, "expires_in": tokens.TOKEN_SECONDS}

    def actor(self, token: str) -> Actor | None:
        """The actor who holds this token, or None. Cached for 30 s; a session that is ended here is dropped at once."""
        now, session = self._now(), tokens.digest(token)
        cached = self._actors.get(session)
        if cached and cached[0] > now:
            return cached[1] if cached[1].expires_at > now else None
        row = self._store.session(session)
        if row is None or row["ended"] or row["expires_at"] <= now:
            return None
        if row["kind"] == "staff" and is_idle(row["seen_at"], now):
            self._end(row["family"])
            return None
        actor = self._person(row)
        if actor is not None:
            self._store.see_session(session, now)
            with self._lock:
                self._actors[session] = (now + timedelta(seconds=CACHE_SECONDS), actor)
        return actor

    def refresh(self, refresh_token: str) -> Row:
        """Exchange a refresh token for new tokens. A second use means theft or replay, so its whole family is ended."""
        now, refresh = self._now(), tokens.digest(refresh_token)
        row = self._store.refreshed_by(refresh)
        if row is None or row["ended"] or row["refresh_ends_at"] <= now:
            raise tokens.RefreshBad
        idle = row["kind"] == "staff" and is_idle(row["seen_at"], now)
        if idle or not self._store.spend_refresh(refresh):
            self._end(row["family"])
            if not idle:
                self._ports.note_at_once("refresh.reused", actor=row["who"], subject=f"{row['kind']}:{row['who']}")
            raise tokens.RefreshBad
        return self.begin(row["kind"], row["who"], row["family"])

    def end(self, actor: Actor) -> None:
        """End this session and its whole family."""
        self._ports.note_at_once("log_out", actor=actor.id, subject=f"{actor.kind}:{actor.id}")
        row = self._store.session(actor.session)
        if row is not None:
            self._end(row["family"])

    def end_all(self, who: str) -> None:
        """End every session of a person."""
        self._ended(self._store.end_all(who))

    def end_others(self, actor: Actor) -> None:
        """End every session of a person except this one."""
        row = self._store.session(actor.session)
        self._ended(self._store.end_all(actor.id, row["family"] if row else ""))

    def forget(self, session: str) -> None:
        """Drop a cached actor."""
        with self._lock:
            self._actors.pop(session, None)

    def _end(self, family: str) -> None:
        self._ended(self._store.end_family(family))

    def _ended(self, sessions: list[str]) -> None:
        for session in sessions:
            self.forget(session)
            self._ports.end_connections(session)
