"""The use cases: create a notice, read one's inbox, store a provider's callback, list and resend what failed."""

import base64
import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from uuid6 import uuid7

from notifications import plan, wording
from notifications.channels import Call, Callbacks
from notifications.kind import KINDS, Kind
from notifications.notice import (
    CASE,
    OFFICE,
    SECRET,
    AddressOf,
    CasePlace,
    Digest,
    LanguageOf,
    Look,
    Record,
    Seal,
    address_to,
    mask,
    opened,
)
from notifications.refusals import BadCursor, NotFound, NotResendable, SignatureBad
from notifications.store import NoticeStore, Row, is_in

PLACED_AT_ONCE = 100


class Member(Protocol):
    """Whose inbox it is."""

    @property
    def id(self) -> str: ...

    @property
    def kind(self) -> str: ...


ScopeOf = Callable[[Any], Sequence[Row]]
"""The equalities of which a notice must meet one for this member of staff to see it."""


class Notices:
    """Creates, lists and resends notices. Delivering them is the outbox's work (delivery.py)."""

    def __init__(
        self,
        store: NoticeStore,
        seal: Seal,
        open_sealed: Seal,
        address_of: AddressOf,
        now: Callable[[], datetime],
        callbacks: Mapping[str, Callbacks],
        record: Record,
        look: Look,
        scope_of: ScopeOf,
        digest: Digest,
        language_of: LanguageOf,
    ) -> None:
        self._store = store
        self._seal = seal
        self._open_sealed = open_sealed
        self._address_of = address_of
        self._now = now
        self._callbacks = callbacks
        self._record, self._look, self._scope_of = record, look, scope_of
        self._digest, self._language_of = digest, language_of

    def tell(
        self,
        recipient: str,
        template: str,
        values: Mapping[str, object],
        *,
        key: str,
        link: str | None = None,
        place: CasePlace | None = None,
        language: str = "",
        session: Any = None,
    ) -> str:
        """Put a notice into the outbox and give its id; idempotent by `key`, without an end.

        With a `session`, in the caller's transaction: no commit, no notice. `recipient` is `citizen:<id>`, `staff:<id>`
        or `login:<id>`; `link` a path of our pages; `place` the case it is about, whose staff may see that it was sent;
        `language` that of its words, without it the recipient's.
        Raises KeyError for an unknown template, and ValueError if a value that it needs is missing; other values are
        not kept.
        """
        words = wording.latest(template)
        needed = wording.needed(words, values)

        def write(inside: Any) -> str:
            known = self._store.id_of_key(key, inside)
            spoken = language or self._language_of(recipient)
            return known or self._write(inside, recipient, words, spoken, needed, key, link, place)

        return write(session) if session is not None else self._store.transact(write)

    def inbox(self, member: Member, cursor: str | None, limit: int, language: str) -> Row:
        """One page of a member's own notices, newest first."""
        rows = self._store.inbox(_recipient(member), _position(cursor), limit + 1)
        deliveries = self._store.current(row["_id"] for row in rows[:limit])
        items = [self._own_face(row, deliveries.get(row["_id"], []), language) for row in rows[:limit]]
        return {"items": items, "next": rows[limit - 1]["_id"] if len(rows) > limit else None}

    def read(self, member: Member, notice_id: str) -> None:
        """Mark one's own notice as read. Raises NotFound."""
        if not self._store.mark_read(_recipient(member), notice_id, self._now()):
            raise NotFound

    def note_displayed(self, member: Member, notice_ids: Sequence[str]) -> None:
        """Note that notices of one's own were displayed; what is not one's own, or is none, counts for nothing."""
        self._store.mark_shown(_recipient(member), notice_ids, self._now())

    def forget_phones(self, member: Member) -> None:
        """Remove the phones that were kept with a member's notices, as the account is closed. Idempotent."""
        self._store.forget_phones(_recipient(member))

    def take_call(self, provider: str, call: Call, notice_id: str, delivery_id: str) -> None:
        """Store a provider's callback for the outbox to process; idempotent. Raises NotFound if that provider is not in
        use, SignatureBad if it did not sign the call."""
        channel = self._callbacks.get(provider)
        if channel is None:
            raise NotFound
        if not channel.genuine(call):
            raise SignatureBad
        fields = {name: call.form[name] for name in channel.keeps if name in call.form}
        receipt = {"provider": provider, "notice": notice_id, "delivery": delivery_id, "said": fields}
        same = hashlib.sha256(json.dumps(receipt, sort_keys=True).encode()).hexdigest()
        self._store.keep_receipt({"_id": same, **receipt}, self._now())

    # -- for staff --------------------------------------------------------

    def desk(self, member: Member, state: str | None, cursor: str | None, limit: int, language: str) -> Row:
        """One page of the deliveries that a member of staff may see: no text, no secret one, the phone masked.

        What is about a case is seen by who may see the case, all else by those who run the office. The look is
        recorded. Raises BadCursor.
        """
        try:
            rows, following = self._store.desk(self._scope_of(member), state, _walked(cursor), limit, self._now())
        except ValueError:
            raise BadCursor from None
        notices = self._store.notices(row["notice"] for row in rows)
        items = [self._line(notices[row["notice"]], row, language) for row in rows]
        self._look(member.id, "read_list", "list:notices", detail=f"state={state or 'all'}", count=len(items))
        return {"items": items, "next": _cursor(following)}

    def resend(self, member: Member, notice_id: str, new_id: str, language: str) -> Row:
        """Send again what failed for good, as one further delivery, while its news is worth it. Raises NotFound,
        NotResendable."""
        notice, now = self._visible(member, notice_id), self._now()
        rows = self._store.current([notice_id])[notice_id]
        last = next((row for row in rows if plan.can_resend(notice, row["state"], now)), None)
        if last is None:
            raise NotResendable
        further = plan.delivery(new_id, notice, last["channel"], last["number"] + 1, now, now)

        def tell(session: Any) -> None:
            self._record(member.id, "notice.resend", f"notice:{notice_id}", session=session)

        if not self._store.resend(last, {**further, "by": member.id}, tell):
            raise NotResendable
        return self._line(notice, further, language)

    def resent(self, member: Member, new_id: str, language: str) -> Row | None:
        """The line of the delivery that an earlier `resend` created under this id, or None. Raises NotFound."""
        row = self._store.delivery(new_id)
        return self._line(self._visible(member, row["notice"]), row, language) if row else None

    def follow_case(self, place: CasePlace) -> None:
        """Show the notices about a case to the staff of its present desk and department. Idempotent."""
        self._store.move(place.about, place.desk, place.department)

    def place_old(self, place_of: Callable[[str], CasePlace | None]) -> None:
        """Place the notices of releases that knew no places; `place_of(link)` gives the case that a link leads to."""
        while rows := self._store.unplaced(PLACED_AT_ONCE):
            notices = self._store.notices(row["notice"] for row in rows)
            for notice_id in {row["notice"] for row in rows}:
                notice = notices.get(notice_id)  # an earlier release's secret is gone
                place = {"group": SECRET, "delete_at": self._now()}
                if notice is not None:
                    place = _placed(KINDS[notice["template"]], place_of(notice["link"] or ""), notice["created_at"])
                self._store.place(notice_id, place)

    def counts(self) -> dict[str, int]:
        """How many deliveries are in each state, for the measurements."""
        return self._store.counts()

    # -- inside -----------------------------------------------------------

    def _visible(self, member: Member, notice_id: str) -> Row:
        """A notice that this member of staff may see. Raises NotFound, of a secret one as of one that is not there."""
        notice = self._store.notice(notice_id)
        if notice is None or not is_in(self._scope_of(member), notice):
            raise NotFound(subject=f"notice:{notice_id}" if notice else "")
        return notice

    def _write(
        self,
        session: Any,
        recipient: str,
        words: wording.Template,
        language: str,
        values: Mapping[str, str],
        key: str,
        link: str | None,
        place: CasePlace | None,
    ) -> str:
        notice_id, now, kind = str(uuid7()), self._now(), KINDS[words.name]
        notice = {
            "_id": notice_id,
            "key": key,
            "recipient": recipient,
            "template": words.name,
            "version": words.version,
            "language": language,
            "values": {name: self._seal(notice_id, name, value) for name, value in values.items()},
            "link": link,
            **_placed(kind, place, now),
            **({"digest": self._digest_of(notice_id, values)} if kind.is_secret else {}),
            **({"phone": self._phone_now(notice_id, recipient)} if kind.keeps_phone else {}),
            "inbox": "in_app" in kind.channels,
            "created_at": now,
            "read_at": None,
            "shown_at": None,
        }
        self._store.add(session, notice, plan.first(notice, now))
        return notice_id

    def _phone_now(self, notice_id: str, recipient: str) -> str | None:
        phone = self._address_of(recipient, "sms")
        return self._seal(notice_id, "phone", phone) if phone else None

    def _digest_of(self, notice_id: str, values: Mapping[str, str]) -> str:
        """What stands for the values of a secret once they are removed: whoever shows them can be told whether they
        were these."""
        return self._digest("notice", f"{notice_id}:{json.dumps(values, sort_keys=True, ensure_ascii=False)}")

    def _own_face(self, notice: Row, deliveries: list[Row], language: str) -> Row:
        template = wording.version_of(notice["template"], notice["version"])
        words = wording.say(template, opened(notice, self._open_sealed), language, notice["created_at"])
        return {
            "id": notice["_id"],
            "kind": notice["template"],
            "title": words.title,
            "text": words.text,
            "link": notice["link"],
            "at": notice["created_at"],
            "shown_at": notice["shown_at"],
            "read_at": notice["read_at"],
            "channels": [{name: row[name] for name in ("channel", "state", "at")} for row in deliveries],
        }

    def _line(self, notice: Row, delivery: Row, language: str) -> Row:
        phone = address_to(notice, "sms", self._address_of, self._open_sealed)
        template = wording.version_of(notice["template"], notice["version"])
        return {
            "id": notice["_id"],
            "kind": notice["template"],
            "title": template.words(language).title,
            "to": mask(phone) if phone else "",
            "link": notice["link"],
            "told_at": notice["created_at"],
            "resendable": plan.can_resend(notice, delivery["state"], self._now()),
            **{name: delivery[name] for name in ("channel", "state", "at", "error", "number")},
        }


def _recipient(member: Member) -> str:
    return f"{member.kind}:{member.id}"


def _placed(kind: Kind, place: CasePlace | None, created_at: datetime) -> Row:
    """The fields of a notice that say which staff may see it, and until when it is kept."""
    group = SECRET if kind.is_secret else CASE if place else OFFICE
    delete_at = plan.erased_at(group, created_at)
    where = (
        {"about": place.about, "desk": place.desk, "department": place.department} if place and group == CASE else {}
    )
    return {"group": group, **where, **({"delete_at": delete_at} if delete_at else {})}


def _cursor(following: str | None) -> str | None:
    return base64.urlsafe_b64encode(following.encode()).decode() if following else None


def _walked(cursor: str | None) -> str | None:
    """Where the page before ended. Raises ValueError for what is no cursor of ours."""
    return base64.b64decode(cursor, b"-_", validate=True).decode() if cursor else None


def _position(cursor: str | None) -> str | None:
    """The id of the last item of the page before, which is what our cursors are. Raises BadCursor."""
    if not cursor:
        return None
    try:
        return str(UUID(cursor))
    except ValueError:
        raise BadCursor from None
