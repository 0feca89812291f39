"""Keeps drafts for their time: one job per draft reminds its owner, and in the end deletes it and frees its uploads."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from api.drafts import draft as rules
from api.drafts import life
from api.drafts.draft import Draft
from api.drafts.ports import DraftsPorts
from api.drafts.store import DraftStore
from api.files.service import Files
from api.jobs.job import Enqueue, NotYet

KEEP = "drafts.keep"
"""The kind of job that keeps a draft."""
BATCH = 100


class DraftKeeping:
    """The jobs that keep drafts. Each may run twice, late, or beside a change of its draft: the draft says what is due.

    A change moves the end; the job, once it wakes, sees that and waits on.
    """

    def __init__(
        self, store: DraftStore, *, files: Files, enqueue: Enqueue, now: Callable[[], datetime], ports: DraftsPorts
    ) -> None:
        self._store = store
        self._files = files
        self._enqueue = enqueue
        self._now = now
        self._ports = ports

    def begin(self, draft: Draft, session: Any = None) -> None:
        """Enqueue the job of a draft, in the transaction that adds it. Idempotent."""
        first = life.remind_at(draft.kept_until or life.kept_until(self._now()), life.REMINDERS[0])
        self._enqueue(f"draft:{draft.id}", KEEP, {"draft": draft.id}, due_at=first, session=session)

    def keep(self, payload: dict[str, Any]) -> None:
        """A job: do what is due for a draft. Raises NotYet until the next thing is due; ends with the draft."""
        while (draft := self._store.draft(payload["draft"])) and not draft.case:
            step = life.next_step(draft.kept_until or life.kept_until(draft.updated_at), draft.reminded, self._now())
            if step.what == "wait":
                raise NotYet(step.at)
            self._do(draft, step)

    def keep_older(self) -> None:
        """A job: give the drafts of earlier releases, which were kept for ever, 30 days from now and their job."""
        end = life.kept_until(self._now())
        while drafts := self._store.without_end(BATCH):
            for draft in drafts:
                self.begin(draft)
                self._store.give_end(draft.id, end)

    def drop(self, draft: Draft) -> bool:
        """Delete a draft and free its uploads; False if it was changed, submitted or deleted meanwhile."""
        dropped = self._store.drop(draft)
        if dropped:
            self._files.free(rules.uploads(draft.materials))
        return dropped

    def _do(self, draft: Draft, step: life.LifeStep) -> None:
        if step.what == "end":
            self.drop(draft)
        elif step.what == "extend":
            self._store.keep_longer(draft, step.at)
        else:
            self._remind(draft, step.days)

    def _remind(self, draft: Draft, days: int) -> None:
        """Tell the owner, once per draft, end and reminder, then note that it was told."""
        assert draft.kept_until is not None
        day = life.last_day(draft.kept_until)
        values = {"matter": draft.matter.name, "due": day.isoformat()}
        key = f"draft:{draft.id}:{day}:{days}"
        recipient = f"staff:{draft.owner}" if draft.aided else f"citizen:{draft.owner}"
        link = f"/staff#/filings/{draft.id}" if draft.aided else f"/drafts/{draft.id}"
        self._ports.tell(recipient, "draft_ends", values, key=key, link=link)
        self._store.reminded(draft, days)
