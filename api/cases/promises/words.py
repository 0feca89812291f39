"""What is said of promises, as JSON, in both languages: what is still to come and until when, what was promised."""

from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Any

from api.calendar.day_words import TwoLanguages, day_words, number_of_days
from api.cases.open_case import OpenCase
from api.cases.promises import deferral, promise
from api.times import BEIJING

Row = Mapping[str, Any]


def as_json(case: OpenCase, due_of: deferral.DueOf, now: datetime) -> dict[str, Any]:
    """`deferrals`: each deferred material with its name, state, last day (ISO date, None where it is not known) and a
    sentence; `promise`: its text and version, what came of its check, and a sentence; None without one."""
    names, today = {material.key: material.name for material in case.papers}, now.astimezone(BEIJING).date()
    deferrals, promised = case.standing.deferrals, case.standing.promise
    return {
        "deferrals": [
            _deferral(deferral.at_end(row, case.standing.state), names[row["key"]], due_of, today) for row in deferrals
        ],
        "promise": _promise(promised, case.standing.end or case.standing.state, now),
    }


def _promise(given: Row | None, state: str, now: datetime) -> dict[str, Any] | None:
    if given is None:
        return None
    check, text = given["check"], given["text"]
    sentence = DROPPED if promise.is_dropped(given, state) else _promise_sentence(given, now.astimezone(BEIJING).date())
    return {
        "text_version": text["version"],
        "text": text["zh"],
        "text_en": text["en"],
        "accepted_at": datetime.fromisoformat(given["accepted_at"]),
        "decided_at": given["decided_at"],
        "check_due": given["check_due"],
        "check": check and {key: check[key] for key in ("outcome", "text", "ground", "at")},
        "rectifications": list(given["orders"]),
        "revoked_at": given["revoked_at"],
        "sentence": {"text": sentence.zh, "text_en": sentence.en},
    }


def _deferral(row: Row, name: str, due_of: deferral.DueOf, today: date) -> dict[str, Any]:
    due = deferral.last_day(row, due_of)
    sentence, text = DEFERRALS[row["state"]](row, due, today), row["text"]
    return {
        "key": row["key"],
        "name": name,
        "state": row["state"],
        "due": due and due.isoformat(),
        "days": row["days"],
        "unit": row["unit"],
        "why": row["why"],
        "brought_at": row["brought_at"],
        "promise": {"text_version": text["version"], "text": text["zh"], "text_en": text["en"]},
        "sentence": {"text": sentence.zh, "text_en": sentence.en},
    }


def _asked(row: Row, due: date | None, today: date) -> TwoLanguages:
    days = number_of_days(row["days"], row["unit"])
    return TwoLanguages(
        f"已选择后补，等窗口容缺受理；受理后 {days.zh}内交来。",
        f"Chosen to follow: once the window has accepted, bring it within {days.en}.",
    )


def _open(row: Row, due: date | None, today: date) -> TwoLanguages:
    if due is None:
        days = number_of_days(row["days"], row["unit"])
        return TwoLanguages(
            f"自受理起 {days.zh}内交来；这一年的放假安排还没有公布，最后一天算不出来。材料交来以前不出结果。",
            f"Bring it within {days.en} of acceptance; which day that is depends on a calendar that is not published "
            "yet. The result is held until then.",
        )
    day = day_words(due, today)
    return TwoLanguages(
        f"最迟 {day.zh}交来；交来以前不出结果，逾期不交，申请终止。",
        f"Bring it by {day.en}: the result is held until then, and without it the application ends.",
    )


def _brought(row: Row, due: date | None, today: date) -> TwoLanguages:
    day = day_words(row["brought_at"].astimezone(BEIJING).date(), today)
    return TwoLanguages(f"{day.zh}已经交来。", f"Brought on {day.en}.")


DEFERRALS: dict[str, Callable[[Row, date | None, date], TwoLanguages]] = {
    "asked": _asked,
    "called_in": lambda row, due, today: TwoLanguages(
        "窗口没有同意后补，请随补正一起交来。", "The window did not agree: hand it in with what it asked for."
    ),
    "open": _open,
    "brought": _brought,
    "dropped": lambda row, due, today: TwoLanguages(
        "办件已经结束，不用再交。", "The case has ended: it need not be brought any more."
    ),
    "late": lambda row, due, today: TwoLanguages(
        "没有在期限内交来，申请已经终止。", "It was not brought in time: the application has ended."
    ),
}
"""By state of a deferred material, the sentence about it."""


DROPPED = TwoLanguages("办件已经结束，承诺不再核查。", "The case has ended: the promise is not checked any more.")


def _promise_sentence(given: Row, today: date) -> TwoLanguages:
    check = given["check"]
    if check is not None and check["outcome"] == promise.BROKEN:
        return _broken_sentence(given, today)
    if check is not None:
        return TwoLanguages("已经核查，承诺属实。", "It was checked, and it was true.")
    if given["decided_at"] is None:
        return TwoLanguages("已作出承诺，等待审批。", "Promised; not decided yet.")
    if given["check_due"] is None:
        return TwoLanguages("已按承诺作出决定，以后会来核查。", "Decided upon the promise, which will be checked.")
    due = date.fromisoformat(given["check_due"])
    day = day_words(due, today)
    if today > due:
        return TwoLanguages(
            f"已按承诺作出决定，应当在 {day.zh}以前核查，还没有核查。",
            f"Decided upon the promise, which was to be checked by {day.en} and has not been.",
        )
    return TwoLanguages(
        f"已按承诺作出决定，{day.zh}以前来核查。", f"Decided upon the promise, which is checked by {day.en}."
    )


def _broken_sentence(given: Row, today: date) -> TwoLanguages:
    """What follows, or followed, of a promise that was found untrue."""
    zh, en = "核查发现承诺不实", "The check found that the promise was not true"
    if given["revoked_at"]:
        return TwoLanguages(f"{zh}，决定已撤销。", f"{en}; the decision was revoked.")
    if not given["orders"]:
        return TwoLanguages(f"{zh}。", f"{en}.")
    last = given["orders"][-1]
    if last["outcome"] == promise.RECTIFIED:
        return TwoLanguages(f"{zh}，已经整改到位，决定继续有效。", f"{en}. It was put right, and the decision stands.")
    if last["outcome"] is not None:
        return TwoLanguages(f"{zh}，限期没有整改到位。", f"{en}, and it was not put right in time.")
    if last["due"] is None:
        days = number_of_days(last["days"], "working")
        return TwoLanguages(f"{zh}，请在 {days.zh}内整改。", f"{en}. Put it right within {days.en}.")
    due = date.fromisoformat(last["due"])
    day = day_words(due, today)
    if today > due:
        return TwoLanguages(
            f"{zh}，整改期限到 {day.zh}，等待复查。",
            f"{en}. It was to be put right by {day.en}, and will be looked at.",
        )
    return TwoLanguages(
        f"{zh}，最迟 {day.zh}整改到位，否则可能撤销决定。",
        f"{en}. Put it right by {day.en}; else the decision may be revoked.",
    )
