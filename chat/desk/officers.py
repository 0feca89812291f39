"""The use cases of presence: an officer sets theirs, connections renew it, a transfer asks who is there."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime

from chat.desk.assigning import Assigning
from chat.desk.presence import LEASE, Presence, changed
from chat.desk.store import DeskStore
from chat.ports import Document, Viewer
from chat.refusals import OfficerAway
from chat.talk.access import check_serves
from chat.talk.conversation import Participant


class OfficerPresence:
    """The presence of officers, stored with a lease."""

    def __init__(self, store: DeskStore, *, assigning: Assigning, now: Callable[[], datetime]) -> None:
        self._store, self._assigning, self._now = store, assigning, now

    def set_presence(self, actor: Viewer, change: Document) -> Document:
        """An officer sets {state?, capacity?, takes?, skills?}; answers all four."""
        check_serves(actor)
        before = self._store.presence(actor.id) or Presence(actor.id, actor.name)
        after = replace(changed(before, change), name=actor.name, until=self._now() + LEASE, desk=actor.point)
        self._store.keep_presence(after, before)
        if after.desk and after.takes == "push":
            self._assigning.assign_waiting(after.desk)
        return after.as_json

    def renew(self, officers: Iterable[str]) -> None:
        """Renew the leases of officers who have an open connection."""
        self._store.renew_presence(officers, self._now() + LEASE)

    def lease_overseer(self, actor: Viewer) -> None:
        """Store a lease for an overseer who takes over, so that the conversation returns if they go.

        Their state is `away`, so that nothing is assigned to them.
        """
        self._store.keep_presence(Presence(actor.id, actor.name, state="away", until=self._now() + LEASE))

    def present(self, officer: str) -> Participant:
        """An officer whose state is `here` and whose lease holds. Raises OfficerAway."""
        presence = self._store.presence(officer)
        if presence is None or not presence.is_here(self._now()):
            raise OfficerAway
        return Participant(presence.member, "staff", presence.name)
