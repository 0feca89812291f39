"""The rules of a verification: who confirms that an account belongs to the person whose card was seen, and from when
on it counts.

An officer alone binds no account: a code on the account's own device confirms, or a second officer. Everybody who would
see a fraud is notified, and what could do harm (mandates, the joining of accounts, a new phone number) waits a day, in
which the account itself or an earlier account of the same person objects.
"""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from api.identity.actor import Actor
from api.identity.names_and_numbers import clean_name, identity_number
from api.refusals import BadFields, Refusal
from api.times import BEIJING

CARD, PHONE = KINDS = ("card", "phone")
"""A card: an account is bound to an identity number. A phone: an account gets another number."""

STATES = ("waiting", "confirmed", "objected", "withdrawn", "revoked", "expired")
OPEN_MINUTES = 30
"""How long an officer's opening of a `card` waits for the code or the second officer, who stand there."""

NOWHERE = "-"
"""The place of an officer whose post names no point."""

WAIT = timedelta(days=1)
"""After a binding until its mandates, and the joining of two accounts; after the opening of a `phone` until it is
changed, if no second officer confirms."""

CODE_TRIES = 5
OPENINGS_A_DAY = 5
"""How often an account is verified a day, since each sends an SMS."""


class ConfirmationWrong(Refusal):
    """The code is not the one on the account's device, or was tried too often, or is over."""

    code = "confirmation_wrong"
    zh = "确认码不对。请让群众再看一遍短信或“我的”页面；错 5 次后要重新登记。"
    en = "The confirmation code is wrong. Have the person look again; after five wrong tries begin anew."


class BoundElsewhere(Refusal):
    """Another account is bound to this number, and the register does not say whose account is whose."""

    code = "bound_elsewhere"
    zh = "另一个账号已核验过这个身份证号，请带身份证到窗口核验，核验后两个账号合并。"
    en = "Another account is verified with this number. Bring your card to a window, which joins the two."


class SecondOfficerNeeded(Refusal):
    """Who opened a verification cannot confirm it without the citizen's code, nor can whoever depends on them."""

    code = "second_officer_needed"
    zh = "请输入群众手机上的确认码，或由另一位窗口人员核对证件后确认。"
    en = "Enter the code on the person's phone, or have another officer check the card and confirm."


class NotWaiting(Refusal):
    """The verification was confirmed, withdrawn or objected to, or its half hour is over."""

    code = "verification_over"
    zh = "这次核验已经结束或过期，请重新登记。"
    en = "This verification has ended or expired. Begin anew."


class TooLate(Refusal):
    """The day in which one objects is over."""

    code = "objection_too_late"
    zh = "已经过了可以直接提出异议的时间，请带身份证到窗口处理。"
    en = "The time in which one objects is over. Bring your card to a window."


def new_code() -> str:
    """A new confirmation code of six random digits."""
    return f"{secrets.randbelow(1_000_000):06d}"


def month_of(at: datetime) -> str:
    """The month by which the list is cut, such as `2026-11`, of an instant in Beijing's time."""
    return f"{at:%Y-%m}"


def new_row(
    verification_id: str, kind: str, citizen_id: str, now: datetime, officer: Actor | None = None
) -> dict[str, Any]:
    """A verification that waits from now on, opened by an officer at their place, or by the citizen alone."""
    place = (officer.point or NOWHERE) if officer else None
    return {
        "_id": verification_id,
        "v": 1,
        "kind": kind,
        "citizen": citizen_id,
        "state": "waiting",
        "at": now,
        "month": month_of(now.astimezone(BEIJING)),
        "opened_by": officer.id if officer else None,
        "point": officer.point if officer else None,
        "tries": 0,
        "ends_at": now + WAIT,
        "works_from": now + WAIT,
        **({"waits_at": place} if place else {}),
    }


def card_of(body: dict[str, Any], now: datetime) -> tuple[str, str]:
    """Name and number of a card, checked. Raises BadFields."""
    errors: dict[str, list[str]] = {}
    values = []
    for field, check in (("name", clean_name), ("id_number", lambda text: identity_number(text, now))):
        try:
            values.append(check(body[field]))
        except ValueError as error:
            errors[field] = [str(error)]
    if errors:
        raise BadFields(errors)
    return values[0], values[1]


def state(row: dict[str, Any], now: datetime) -> str:
    """The state of a verification at an instant; a `card` that nobody confirmed in time is `expired`."""
    over = row["state"] == "waiting" and row["kind"] == CARD and row["ends_at"] <= now
    return "expired" if over else str(row["state"])


def works(citizen: dict[str, Any], now: datetime) -> bool:
    """Whether an account is verified and its binding counts for mandates yet. Older releases wrote no `works_from`."""
    verified = citizen.get("verified") or {}
    return citizen["assurance"] == "verified" and (verified.get("works_from") or now) <= now


@dataclass(frozen=True)
class CardAwaited:
    """What a verified account waits for: that an officer sees its person's card (None), or until that counts."""

    until: datetime | None


def card_awaited(citizen: dict[str, Any], now: datetime) -> CardAwaited | None:
    """What a verified account waits for until its card counts as seen; None if it does, or it is not verified."""
    if citizen["assurance"] != "verified":
        return None
    if is_by_register_alone(citizen):
        return CardAwaited(None)
    verified = citizen.get("verified") or {}
    until = max(verified.get(field) or now for field in ("works_from", "seen_from"))
    return CardAwaited(until) if until > now else None


def was_seen(citizen: dict[str, Any], now: datetime) -> bool:
    """Whether somebody saw the card of who has an account, and the day in which one objects to that is over.

    It opens what others did under the account's number, such as cases: the register knows a name, not who holds this
    phone. Where the register had bound the account before, the day begins when the card was seen (`seen_from`).
    """
    return citizen["assurance"] == "verified" and card_awaited(citizen, now) is None


def may_object(row: dict[str, Any], now: datetime) -> bool:
    """Whether an objection still stops a verification: it waits, or what it brings has not begun."""
    current = state(row, now)
    return current == "waiting" or (current == "confirmed" and row["works_from"] > now)


def unbinds(row: dict[str, Any], state: str, others: list[dict[str, Any]]) -> bool:
    """Whether ending a verification leaves its account bound to nobody.

    A supervisor's revocation of a binding does; an objection, if it or another that does not work yet (`others`) bound
    the account anew.
    """
    if row["kind"] != CARD or row["state"] != "confirmed":
        return False
    return state == "revoked" or any(each.get("is_new") for each in (row, *others))


def unsees(row: dict[str, Any], others: list[dict[str, Any]]) -> bool:
    """Whether an objection takes back that somebody saw the card of whom the register had bound before.

    It does if it, or another of that account that does not work yet (`others`), was the first that said so.
    """
    is_confirmed = row["kind"] == CARD and row["state"] == "confirmed"
    return is_confirmed and any(each.get("was_by_register") for each in (row, *others))


def since(account: dict[str, Any], how: str, now: datetime) -> dict[str, datetime]:
    """Since when an account is verified (`at`), and from when on a binding made now counts for mandates (`works_from`):
    a day later, so that it can be objected to.

    At once where the register confirmed it, since no other account could object; as before for who was verified
    already. `seen_from`: from when on it counts that an officer saw the card of whom the register had bound before.
    """
    if account["assurance"] == "verified":
        before = account.get("verified") or {}
        earlier: datetime = before.get("works_from") or now
        seen_from = now + WAIT if is_by_register_alone(account) else before.get("seen_from")
        seen = {"seen_from": seen_from} if seen_from else {}
        return {"at": before.get("at") or account["created_at"], "works_from": min(earlier, now + WAIT), **seen}
    return {"at": now, "works_from": now if how == "register" else now + WAIT}


def is_by_register_alone(account: dict[str, Any] | None) -> bool:
    """Whether nobody saw the card of who has this account: whoever knows name and number can bind one."""
    return ((account or {}).get("verified") or {}).get("how") == "register"


def others_of(accounts: list[dict[str, Any]], citizen_id: str) -> list[dict[str, Any]]:
    """The accounts of one person other than `citizen_id`, the one that was verified first at the front."""
    others = [row for row in accounts if row["_id"] != citizen_id]
    return sorted(others, key=lambda row: (row.get("verified") or {}).get("at") or row["created_at"])


def keeps_number(account: dict[str, Any], first: dict[str, Any] | None, how: str) -> bool:
    """Whether an account confirmed at a window keeps its number, and with it the way in, when it joins the first one.

    It does if the code on its device confirmed it, if nobody saw the card of who has the other, or if it was logged in
    to last.
    """
    return how == "code" or is_by_register_alone(first) or was_seen_last(account, first)


def was_seen_last(account: dict[str, Any], other: dict[str, Any] | None) -> bool:
    """Whether nobody logged in to the other account after the last log-in to this one."""
    mine, theirs = account.get("seen_at"), (other or {}).get("seen_at")
    return theirs is None or (mine is not None and mine >= theirs)
