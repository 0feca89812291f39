"""What the office does for the chat: cards, notices to members who are away, reminders of promises, PDF transcripts."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import chat
from api import pdf
from api.cases.service import Cases
from api.circle.service import Circle
from api.drafts.service import Drafts
from api.identity.service import Identity
from api.matters.service import Matters
from api.parcels.service import Parcels
from api.refusals import NotFound
from api.times import BEIJING
from api.turns import Owner
from api.web.guard import SERVING
from notifications import Notifications

Card = dict[str, Any]


def cards(
    *, matters: Matters, circle: Circle, drafts: Drafts, cases: Cases, parcels: Parcels
) -> Callable[[str, str, Any], Card | None]:
    """Return `card(kind, reference, viewer)`, which gives the JSON of a card as this viewer may see it.

    It is None where the kind is unknown, the thing does not exist or the viewer may not see it.
    """
    resolvers: dict[str, Callable[[Any, str], Card | None]] = {
        "guide": lambda viewer, reference: matters.card(reference),
        "apply": lambda viewer, reference: matters.card(reference),
        "material": lambda viewer, reference: matters.material_card(reference),
        "point": lambda viewer, reference: circle.card(reference),
        "draft": drafts.card,
        "case": cases.card,
        "parcel": parcels.card,
    }

    def card(kind: str, reference: str, viewer: Any) -> Card | None:
        try:
            return resolvers[kind](viewer, reference)
        except (KeyError, NotFound):
            return None

    return card


def away(notices: Notifications) -> Callable[[str, str, int], object]:
    """Return `away(recipient, conversation, seq)`, which leaves the notice that a message is waiting.

    Idempotent per recipient, conversation and sequence number.
    """

    def tell(recipient: str, conversation: str, seq: int) -> object:
        page = f"/talks/{conversation}" if recipient.startswith("citizen:") else f"/staff#/talks/{conversation}"
        key = f"talk:{conversation}:{recipient}:{seq}"
        return notices.tell(recipient, "talk_waiting", {"count": "1"}, key=key, link=page)

    return tell


def reminders(*, notices: Notifications, identity: Identity) -> Callable[[str, str, datetime, str], object]:
    """Return `remind(desk, conversation, promised_at, what)`, which leaves notices about a promised answer.

    `what` is `due` (to the staff who serve the desk) or `overdue` (to the supervisors). Idempotent per conversation,
    promised time and person.
    """

    def remind(desk: str, conversation: str, promised_at: datetime, what: str) -> None:
        template, staff = {
            "due": ("talk_promise_due", identity.staff_of(point=desk, roles=SERVING)),
            "overdue": ("talk_promise_overdue", identity.staff_of(roles=("supervisor",))),
        }[what]
        values = {"until": promised_at.astimezone(BEIJING).strftime("%m-%d %H:%M")}
        for officer in staff:
            key = f"promise:{what}:{conversation}:{promised_at.isoformat()}:{officer}"
            notices.tell(f"staff:{officer}", template, values, key=key, link=f"/staff#/talks/{conversation}")

    return remind


def transcript(compose: Callable[[], chat.Transcript], reader: str) -> bytes:
    """A conversation as PDF; it is composed when it is this reader's turn. Raises pdf.TooManyPapers, pdf.NotPrinted."""
    with pdf.turn(Owner(reader)):
        conversation = compose()
        table = pdf.PaperBlock("table", (("时间", "谁", "内容"), *conversation.rows), "对话", (3, 2, 8))
        facts = pdf.PaperBlock("facts", conversation.facts)
        return pdf.pressed(pdf.Paper(conversation.title, (), (facts, table), conversation.foot))
