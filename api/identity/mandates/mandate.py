"""The rules of mandates (委托): who may act for whom, in which matters, until when.

Both sides are named by their numbers (identity number, credit code), never by a phone, which may change its owner. So
an agent must be verified, and a mandate outlives a change of phone. Sources: 民法典 art. 161-165 (agency), 27 and 34
(parents act for their children), 17 (of age at eighteen), 173 (an agency ends).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from api.identity.names_and_numbers import birthday_in
from api.refusals import Refusal

AGENT, PARENT, FAMILY, COMPANY = KINDS = ("agent", "parent", "elder_family", "company_handler")
BY_PRINCIPAL = frozenset({AGENT, FAMILY})
"""Kinds that the principal gives online; the others need papers to be seen at a window."""

OF_AGE = 18


class VerificationNeeded(Refusal):
    """Only a verified person gives or holds mandates."""

    code = "verification_needed"
    zh = "请先核验身份（在线核验，或带身份证到窗口），再办理委托。"
    en = "Verify your identity first, online or at a window."


class AtWindowOnly(Refusal):
    """This kind needs papers that staff must see at a window."""

    code = "at_window_only"
    zh = "这种委托要看证件原件，请带材料到窗口登记。"
    en = "This kind of mandate needs papers to be seen. Bring them to a window."


class MandateEnded(Refusal):
    """The mandate is no longer valid, or not for this matter (民法典 art. 173)."""

    code = "mandate_ended"
    zh = "委托已经结束，或不包括这个事项，不能再代办。请和委托人联系。"
    en = "The mandate has ended or does not cover this matter. Ask the person you act for."


@dataclass(frozen=True)
class Mandate:
    """One mandate; principal and agent are blind indexes of their numbers. `matters` empty means all."""

    id: str
    kind: str
    principal: str
    agent: str
    matters: frozenset[str]
    valid_until: date
    ended: bool

    def state(self, day: date) -> str:
        """`valid`, `ended` (withdrawn) or `expired`; the last day still counts."""
        return "ended" if self.ended else "valid" if day <= self.valid_until else "expired"

    def covers(self, matter: str, day: date) -> bool:
        """Whether the mandate is valid for this matter on this day."""
        return self.state(day) == "valid" and (not self.matters or matter in self.matters)


def may_act_for(held: Iterable[Mandate], actor: str, principal: str, matter: str, day: date) -> Mandate | None:
    """The mandate by which `actor` may act for `principal` in `matter` on `day` (Beijing), or None."""
    fitting = (m for m in held if m.agent == actor and m.principal == principal and m.covers(matter, day))
    return next(fitting, None)


def check_span(kind: str, principal_number: str, valid_until: date, today: date) -> None:
    """Raises ValueError if it would end before today, or after a child comes of age."""
    if valid_until < today:
        raise ValueError("有效期不能早于今天。")
    born = birthday_in(principal_number)
    if kind == PARENT and born is None:
        raise ValueError("这种证件看不出孩子的出生日期，请用身份证或居住证号码登记监护代办。")
    if kind == PARENT and born and valid_until > _last_day_as_child(born):
        raise ValueError("监护代办最晚到孩子年满 18 周岁的前一天。")


def _last_day_as_child(born: date) -> date:
    try:
        of_age = born.replace(year=born.year + OF_AGE)
    except ValueError:  # born on 29 February
        of_age = date(born.year + OF_AGE, 3, 1)
    return date.fromordinal(of_age.toordinal() - 1)
