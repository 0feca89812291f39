"""The use cases of security events: note them, write them off the request path, ring alarms, note what has changed."""

import logging
import threading
from collections import Counter, deque
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from api.audit.acts import ALARMS, OF_REFUSAL, WITHIN
from api.audit.ports import SecurityPorts
from api.audit.security.counted import CountedEvents, SecurityEvent
from api.audit.security.store import AlarmStore
from api.audit.service import Audit

log = logging.getLogger("circle.security")

PAUSE = timedelta(seconds=2)
"""The pause between two writes: as much may be lost if the process is killed, and a minute's counts of repeats."""
LOOK = timedelta(seconds=30)
"""The pause between two counts for the alarms, if nothing was noted in this process."""
MOMENT = timedelta(milliseconds=1)
"""The least span that times in the store differ by."""
EXAMINED = timedelta(minutes=1)
"""The pause between two looks at keys and settings."""
MOST_WAITING = 5_000
"""Rows that wait while the store does not answer; what comes on top is counted in the log alone."""
SYSTEM = "system"
NEVER = datetime.min.replace(tzinfo=UTC)


class SecurityEvents:
    """Security events. What strangers can cause is bounded, then counted (counted.py); nobody waits for its row."""

    def __init__(self, audit: Audit, store: AlarmStore, *, now: Callable[[], datetime], ports: SecurityPorts) -> None:
        self._audit, self._store, self._now, self._ports = audit, store, now, ports
        self._events = CountedEvents()
        self._waiting: deque[dict[str, Any]] = deque()
        self._writing = threading.Lock()
        self._state: Mapping[str, frozenset[str]] | None = None
        """Keys and weak settings of this process when it looked last."""
        self._written_at, self._counted_at, self._examined_at = NEVER, NEVER, NEVER
        self.noted: Counter[str] = Counter()
        """By act: how often this process noted it."""
        self.rung: Counter[str] = Counter()
        """By act: how many alarms this process rang."""

    @property
    def address(self) -> str:
        """A digest of the address of the present request, equal for equal ones; "" outside of a request."""
        return self._ports.origin().address

    # -- noting -------------------------------------------------------------------

    def note(self, act: str, *, actor: str = "", subject: str = "", detail: str = "") -> None:
        """Note an event that may come in numbers; written within PAUSE."""
        self.noted[act] += 1
        self._events.take(self._event(act, actor, subject, detail), self._now())

    def note_at_once(self, act: str, *, actor: str, subject: str, detail: str = "") -> None:
        """As `note`, for the act of a known person: it is in the store when this returns."""
        self.noted[act] += 1
        row = self._events.take_first(self._event(act, actor, subject, detail), self._now())
        if row is not None:
            self._audit.append(row)

    def look(self, actor: str, act: str, subject: str, *, detail: str = "", count: int | None = None) -> None:
        """Record a look of staff at what belongs to others; the same one again within half an hour is counted."""
        event = SecurityEvent(act, actor, subject, detail, count, route=self._ports.origin().route)
        row = self._events.take_look(event, self._now())
        if row is None:
            return
        try:
            self._audit.append(row)
        except BaseException:
            self._events.forget_look(event)
            raise

    def note_refusal(self, code: str, status: int, actor: str, subject: str) -> None:
        """Note a refusal of a request, if it is one of those that an attack would cause. Never raises."""
        try:
            act = OF_REFUSAL.get(code) or ("refused.rule" if status == 403 else "")
            if code == "not_found" and subject:
                act = "refused.record"
            if act:
                self.note(act, actor=actor, subject=subject, detail="" if code in {"not_found", "role_wrong"} else code)
        except Exception:
            log.exception("a refusal was not noted")

    def _event(self, act: str, actor: str, subject: str, detail: str) -> SecurityEvent:
        origin = self._ports.origin()
        return SecurityEvent(act, actor, subject, detail, None, origin.address, origin.network, origin.route)

    # -- writing, and alarms: a step -----------------------------------------------

    def step(self, now: datetime) -> bool:
        """A periodic step: write what was noted, and ring the alarms that are due."""
        if self._written_at <= now < self._written_at + PAUSE:
            return False
        self._written_at = now
        if not self._examined_at <= now < self._examined_at + EXAMINED:
            self._examined_at = now
            self.note_installation()
        wrote = self.write(now)
        if wrote or not self._counted_at <= now < self._counted_at + LOOK:
            self._counted_at = now
            self._ring(now)
        return False

    def write(self, now: datetime, *, everything: bool = False) -> int:
        """Write what was noted; gives how many rows. What cannot be written waits for the next time."""
        with self._writing:
            for row in self._events.due(now, everything=everything):
                if len(self._waiting) < MOST_WAITING:
                    self._waiting.append(row)
                else:
                    log.error("a security event was lost", extra={"act": row["act"], "times": row.get("times", 1)})
            written = 0
            while self._waiting:
                self._audit.append(self._waiting[0])
                self._waiting.popleft()
                written += 1
            return written

    def write_now(self) -> None:
        """Write what this process has noted, for somebody who is about to read."""
        self.write(self._now())

    def close(self) -> None:
        """Write everything at the end of the process."""
        try:
            self.write(self._now(), everything=True)
        except Exception:
            log.exception("security events were lost", extra={"rows": len(self._waiting)})

    def _ring(self, now: datetime) -> None:
        """Ring for each act that came too often in the last ten minutes: once per act and ten minutes, by one process.

        Nothing is counted for two alarms, and nothing at all while an act has rung in the last ten minutes. LOOK more
        is counted, which may have gone by since. Who watches is told first, under a key that names the alarm before,
        so that no crash in between leaves an alarm untold.
        """
        rings = self._store.last_rings(ALARMS)
        for act, alarm in ALARMS.items():
            last, since = rings.get(act), now - WITHIN - LOOK
            if last and last <= now:
                if now < last + WITHIN:
                    continue
                since = max(since, last + MOMENT)
            count = self._audit.times(act, since, now)
            if count < alarm.bound:
                continue
            before = last.timestamp() if last else now.timestamp() // WITHIN.total_seconds()
            self._ports.alarm(act, count, f"{act}:{before:.0f}")
            if self._store.ring(act, count, last, now):
                self.rung[act] += 1
                log.warning("security alarm", extra={"act": act, "count": count, "minutes": 10})
                self._audit.record(SYSTEM, "alarm", f"act:{act}", count=count)

    # -- the installation ----------------------------------------------------------

    def note_installation(self) -> None:
        """Record which sealing keys and which weakening settings came or went since this was called last.

        A process looks at what the store holds once, and else where its own keys or settings changed: processes whose
        settings differ do not record one another's for ever. The keys of a new installation are no event.
        """
        state = {name: frozenset(ids) for name, ids in self._ports.state().items()}
        if state != self._state:
            self._record_changes(self._state, state)
            self._state = state

    def _record_changes(self, own: Mapping[str, frozenset[str]] | None, state: Mapping[str, frozenset[str]]) -> None:
        """Record what this process sees changed since `own`, and no other has recorded; None at its first look."""
        acts = {"keys": ("keys.new", "keys.gone", "key"), "weak": ("setting.weak", "setting.restored", "setting")}
        row = self._store.installation()
        kept = {}
        for name, ids in state.items():
            came, went, noun = acts[name]
            stored = frozenset(row.get(name, ()))
            before = stored if own is None else own[name]
            new, gone = ids - before - stored, (before - ids) & stored
            is_event = row or own is not None or name == "weak"
            for act, changed in ((came, new if is_event else ()), (went, gone)):
                for each in sorted(changed):
                    self._audit.record(SYSTEM, act, f"{noun}:{each}")
            kept[name] = sorted((stored | new) - gone)
        if any(row.get(name) != ids for name, ids in kept.items()):
            self._store.set_installation(kept, self._now())
