"""A citizen's own list: the cases that they filed, and those that others filed for them under their identity number.

The second open to whom an officer has seen with their card (`Mandates.is_applicant`), and to nobody on the register's
word, which says whose name and number belong together, not who holds this phone.
"""

from typing import Any

from api.calendar.day_words import TwoLanguages
from api.cases.ground import CaseGround
from api.cases.views import CaseViews
from api.identity.actor import Actor
from api.times import BEIJING

Row = dict[str, Any]

CARD_NEEDED = TwoLanguages(
    "您的身份只在网上核对过。带身份证到窗口核验一次，用手机上的确认码确认，窗口替您填报的办件就显示在这里。",
    "Your identity was checked online only. Bring your card to a window once and confirm with the code on your phone: "
    "then the cases that a window filled in for you are shown here, too.",
)
CARD_SEEN = TwoLanguages(
    "窗口已经核验过您的身份证。窗口替您填报的办件，{at} 起显示在这里。",
    "A window has seen your card. The cases that a window filled in for you are shown here from {at}.",
)


class MyCases:
    """The cases of a citizen, and what to do where some of them are not shown."""

    def __init__(self, ground: CaseGround, views: CaseViews) -> None:
        self._ground, self._views = ground, views

    def page(self, actor: Actor, after: str | None, most: int) -> tuple[list[Row], str | None]:
        """One page of one's own cases and those filed for one, newest first, and where the next page goes on, or None.

        Raises ValueError where `after` is not what an earlier page gave.
        """
        ground, mandates = self._ground, self._ground.identity.mandates
        seen = mandates.seen_index_of(actor)
        number = seen or mandates.index_of(actor)
        streams = [{"owner": actor.id}, *([{"principal": number}] if number else [])]
        keep = (lambda case: True) if seen else (lambda case: ground.access.concerns(actor, case))
        cases, following = ground.store.newest(streams, ground.now(), after, most, keep)
        return self._views.lines(cases), following

    def by_number(self, actor: Actor) -> Row | None:
        """How a verified citizen comes to see the cases under their number, if they do not yet: `{text, text_en}`.

        It says the same whether there are any.
        """
        awaited = self._ground.identity.mandates.card_awaited(actor)
        if awaited is None:
            return None
        words = CARD_SEEN if awaited.until else CARD_NEEDED
        at = f"{awaited.until.astimezone(BEIJING):%m-%d %H:%M}" if awaited.until else ""
        return {"text": words.zh.format(at=at), "text_en": words.en.format(at=at)}
