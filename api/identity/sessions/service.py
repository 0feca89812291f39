"""The use cases of log-ins: opaque tokens, rotated at each refresh; acts, idleness and the end; one's own log-ins."""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from uuid6 import uuid7

from api.identity import tokens
from api.identity.actor import Actor
from api.identity.ports import Dependencies, Row
from api.identity.sessions import session as rules
from api.identity.sessions.remembered import Remembered
from api.refusals import NotFound

CACHE_SECONDS = 30
MOST_LOG_INS = 50
"""How many log-ins of a person live at a time; beyond it, the one that acted longest ago ends with the next log-in."""
MOST_CACHED = 20_000
"""How many actors, and how many acts, a process remembers."""


class Sessions:
    """The log-ins of citizens and staff.

    `person(log_in, ends_at)` makes the actor of a log-in's row, with a token until `ends_at`; None if the person has
    left.
    """

    def __init__(self, dependencies: Dependencies, person: Callable[[Row, datetime], Actor | None]) -> None:
        self._store, self._now, self._ports = dependencies.sessions, dependencies.now, dependencies.ports
        self._people, self._person = dependencies.store, person
        policy = dependencies.policy
        self._longest = {"staff": timedelta(hours=policy.staff_hours), "citizen": timedelta(days=policy.citizen_days)}
        self._actors: Remembered[Actor] = Remembered(MOST_CACHED)
        self._acts: Remembered[str] = Remembered(MOST_CACHED)

    # -- tokens -----------------------------------------------------------------

    def begin(self, kind: str, who: str, device: str = "") -> Row:
        """Log a person in on a device (a code of device.py), and return the tokens. Whoever logs in has proved it."""
        now = self._now()
        log_in = {
            "_id": str(uuid7()),
            "v": 1,
            "kind": kind,
            "who": who,
            "device": device,
            "began_at": now,
            "acted_at": now,
            "proved_at": now,
            "ended_at": None,
            "delete_at": self._delete_at(kind, now),
        }
        self._ports.note_at_once("log_in", actor=who, subject=f"{kind}:{who}")
        stored = self._store.add_log_in(log_in)
        self._end_oldest(who)
        return self._tokens(stored, now)

    def actor(self, token: str) -> Actor | None:
        """The actor who holds this token, or None. Cached for 30 s; a log-in that is ended here is dropped at once.

        A log-in that is found idle, or older than it may become, is ended.
        """
        now, digest, drops = self._now(), tokens.digest(token), self._actors.drops
        cached = self._actors.get(digest, now)
        if cached is not None:
            return cached if cached.expires_at > now else None
        row = self._store.session(digest)
        log_in = self._live(row, now)
        if row is None or log_in is None or row["expires_at"] <= now:
            return None
        actor = self._person(log_in, row["expires_at"])
        if actor is not None:
            self._actors.put(digest, actor, now + timedelta(seconds=CACHE_SECONDS), now, drops)
        return actor

    def refresh(self, refresh_token: str) -> Row:
        """Exchange a refresh token for new tokens. A second use means theft or replay, so its whole log-in is ended.

        It is no act of a person: pages refresh by themselves.
        """
        now, refresh = self._now(), tokens.digest(refresh_token)
        row = self._store.refreshed_by(refresh)
        log_in = self._live(row, now)
        if row is None or log_in is None or row["refresh_ends_at"] <= now:
            raise tokens.RefreshBad
        if not self._store.spend_refresh(refresh):
            self._end(log_in["_id"])
            subject = f"{log_in['kind']}:{log_in['who']}"
            self._ports.note_at_once("refresh.reused", actor=log_in["who"], subject=subject)
            raise tokens.RefreshBad
        return self._tokens(log_in, now)

    # -- acts and proofs --------------------------------------------------------

    def acted(self, actor: Actor) -> None:
        """Note that a person acted under this log-in, so that it is not idle; written once in CACHE_SECONDS."""
        now = self._now()
        if self._acts.get(actor.session, now) is None:
            self._acts.put(actor.session, actor.session, now + timedelta(seconds=CACHE_SECONDS), now)
            self._store.raise_instant(actor.session, "acted_at", now)

    def proved(self, actor: Actor) -> None:
        """Note that the person of this log-in has just proved who they are."""
        self._store.raise_instant(actor.session, "proved_at", self._now())

    def fresh_until(self, actor: Actor) -> datetime | None:
        """Until when the last proof of this log-in's person holds; None if it does no more."""
        log_in = self._store.log_in(actor.session)
        until = rules.fresh_end(log_in["proved_at"]) if log_in else None
        return until if until and until >= self._now() else None

    # -- one's own log-ins, and their end -----------------------------------------

    def mine(self, actor: Actor) -> list[Row]:
        """The person's own log-ins that live, this one first, then by their last act: {id, device, current, began_at,
        acted_at}."""
        now = self._now()
        rows = [row for row in self._store.live_log_ins(actor.id) if not self._is_over(row, now)]
        faces = [
            {
                "id": row["_id"],
                "device": row["device"],
                "current": row["_id"] == actor.session,
                "began_at": row["began_at"],
                "acted_at": row["acted_at"],
            }
            for row in rows
        ]
        return sorted(faces, key=lambda face: (face["current"], face["acted_at"]), reverse=True)

    def end_one(self, actor: Actor, log_in_id: str) -> None:
        """End one of the person's own log-ins. Idempotent. Raises NotFound."""
        log_in = self._store.log_in(log_in_id)
        if log_in is None or log_in["who"] != actor.id:
            raise NotFound
        if log_in["ended_at"] is None:
            self._note_end(actor)
        self._end(log_in_id)

    def end(self, actor: Actor) -> None:
        """End this log-in."""
        self._ports.note_at_once("log_out", actor=actor.id, subject=f"{actor.kind}:{actor.id}")
        self._end(actor.session)

    def end_token(self, token: str) -> None:
        """End the log-in of a token."""
        row = self._store.session(tokens.digest(token))
        if row is not None:
            self._end(row["family"])

    def end_all(self, who: str, but: str = "", ended: Iterable[str] = ()) -> None:
        """End every log-in of a person, except one; `ended` are those that a transaction has just ended."""
        self.close([*ended, *self.end_stored(None, who, but)])

    def end_stored(self, session: Any, who: str, but: str = "") -> list[str]:
        """End every log-in of a person, except one, in the caller's transaction; returns them.

        After it `end_all` closes them, and ends those that began meanwhile.
        """
        self._store.end_unadopted(who, session)
        ids = [row["_id"] for row in self._store.live_log_ins(who, session) if row["_id"] != but]
        if ids:
            self._store.end_log_ins(ids, self._now(), session)
        return ids

    def close(self, log_in_ids: list[str]) -> None:
        """Drop the cached actors of log-ins that have ended, and close what is open under them."""
        if log_in_ids:
            self.forget(*log_in_ids)
        for log_in_id in log_in_ids:
            self._ports.end_connections(log_in_id)

    def end_others(self, actor: Actor) -> None:
        """End every log-in of a person except this one."""
        if any(log_in["_id"] != actor.session for log_in in self._store.live_log_ins(actor.id)):
            self._note_end(actor)
        self.end_all(actor.id, actor.session)

    def forget_stored(self, session: Any, who: str) -> list[str]:
        """As `end_stored`, of every log-in, and delete what was kept of them."""
        ended = self.end_stored(session, who)
        self._store.forget_log_ins(who, session)
        return ended

    def forget(self, *log_in_ids: str) -> None:
        """Drop the cached actors of log-ins."""
        meant = frozenset(log_in_ids)
        self._actors.drop(lambda actor: actor.session in meant)

    # -- inside -------------------------------------------------------------------

    def _note_end(self, actor: Actor) -> None:
        self._ports.note_at_once("sessions.end", actor=actor.id, subject=f"{actor.kind}:{actor.id}")

    def _end_oldest(self, who: str) -> None:
        """End what is more than MOST_LOG_INS of a person's log-ins."""
        live = self._store.live_log_ins(who)
        if len(live) > MOST_LOG_INS:
            newest_first = sorted(live, key=lambda row: (row["acted_at"], row["_id"]), reverse=True)
            ids = [row["_id"] for row in newest_first[MOST_LOG_INS:]]
            self._store.end_log_ins(ids, self._now())
            self.close(ids)

    def _end(self, log_in_id: str) -> None:
        self._store.end_log_in(log_in_id, self._now())
        self.close([log_in_id])

    def _tokens(self, log_in: Row, now: datetime) -> Row:
        """New tokens of a log-in, which end with it."""
        token, refresh = tokens.new_token(), tokens.new_token()
        log_in_ends_at = log_in["began_at"] + self._longest[log_in["kind"]]
        expires_at = min(now + timedelta(seconds=tokens.TOKEN_SECONDS), log_in_ends_at)
        refresh_ends_at = min(now + timedelta(days=tokens.REFRESH_DAYS), log_in_ends_at)
        self._store.add_session(
            {
                "_id": tokens.digest(token),
                "v": 1,
                "refresh": tokens.digest(refresh),
                "refresh_used": False,
                "family": log_in["_id"],
                "expires_at": expires_at,
                "refresh_ends_at": refresh_ends_at,
                "delete_at": refresh_ends_at,
            }
        )
        if log_in["kind"] == "citizen":
            self._people.change_citizen(log_in["who"], {"seen_at": now})
        return {"token": token, "refresh_token": refresh, "expires_in": int((expires_at - now).total_seconds())}

    def _live(self, row: Row | None, now: datetime) -> Row | None:
        """The log-in of a row of tokens, or None if it has ended; one whose time is over is ended."""
        if row is None or row.get("ended"):
            return None
        log_in = self._store.log_in(row["family"]) or self._adopted(row)
        if log_in is None or log_in["ended_at"]:
            return None
        if self._is_over(log_in, now):
            self._end(log_in["_id"])
            return None
        return log_in

    def _adopted(self, row: Row) -> Row | None:
        """The log-in of tokens that were made before there were log-ins (release 0.9); None if they were ended.

        It began when its id was made (a UUIDv7 begins with the time, RFC 9562 §5.7).
        """
        if "v" in row:
            return None
        began_at = datetime.fromtimestamp((UUID(row["family"]).int >> 80) / 1000, UTC)
        log_in = self._store.add_log_in(
            {
                "_id": row["family"],
                "v": 1,
                "kind": row["kind"],
                "who": row["who"],
                "device": "",
                "began_at": began_at,
                "acted_at": row["seen_at"],
                "proved_at": began_at,
                "ended_at": None,
                "delete_at": self._delete_at(row["kind"], began_at),
            }
        )
        read_again = self._store.session(row["_id"])
        if read_again is None or read_again["ended"]:
            self._end(log_in["_id"])
            return None
        return log_in

    def _is_over(self, log_in: Row, now: datetime) -> bool:
        longest = self._longest[log_in["kind"]]
        return rules.is_over(log_in["kind"], log_in["began_at"], log_in["acted_at"], longest, now)

    def _delete_at(self, kind: str, began_at: datetime) -> datetime:
        """Later than any of its tokens, which would else be taken for tokens without a log-in."""
        return began_at + self._longest[kind] + timedelta(days=tokens.REFRESH_DAYS)
