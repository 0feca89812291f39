"""Those who are away while something is said to them: after 10 s they are told by a notice, once a burst."""

from datetime import datetime, timedelta

from chat.ports import Document, Ports
from chat.talk import conversation as rules
from chat.talk.store import ChatStore

SEARCH_ROWS = 200
SEARCH_PAUSE = timedelta(seconds=1)


class Absent:
    """Looks through what was said."""

    def __init__(self, store: ChatStore, ports: Ports) -> None:
        self._store, self._ports = store, ports

    def look(self, search: Document, now: datetime) -> bool:
        """Go on from where the search stands, under its lease; whether there was something to look through.

        Each message is looked at at least once; a member is told once, and again only after they have seen what they
        were told of.
        """
        rows = self._store.said_between(search["after"], rules.first_id(now - rules.UNSEEN), SEARCH_ROWS)
        said: dict[str, dict[str, int]] = {}
        for row in rows:
            if row["stream"] == "public" and (row["kind"] != "event" or row["event"]["type"] in rules.TELLING):
                said.setdefault(row["conversation"], {})[row["sender"]["id"]] = row["seq"]
        for conversation_id, last_of in said.items():
            self._tell(conversation_id, last_of)
        after = rows[-1]["_id"] if rows else search["after"]
        self._store.end_search(search, after, now if len(rows) == SEARCH_ROWS else now + SEARCH_PAUSE)
        return bool(rows)

    def _tell(self, conversation_id: str, last_of: dict[str, int]) -> None:
        """Tell those members who have not seen what somebody else said; `last_of` is the last number of each sender."""
        found = self._store.conversation(conversation_id)
        if found is None:
            return
        seen = {row["member"]: row for row in self._store.seen(conversation_id)}
        for member in filter(None, (found.citizen, found.officer)):
            row = seen.get(member.id, {"delivered_seq": 0, "told_seq": 0})
            seq = max((last for sender, last in last_of.items() if sender != member.id), default=0)
            if row["told_seq"] <= row["delivered_seq"] < seq:
                self._ports.away(f"{member.kind}:{member.id}", conversation_id, row["delivered_seq"] + 1)
                self._store.told(conversation_id, member, seq)
