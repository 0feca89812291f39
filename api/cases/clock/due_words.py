"""What is said of dues in words, in Chinese and English: that one has moved, and why; what was told."""

from collections.abc import Mapping, Sequence
from datetime import date

from api.calendar.day_words import TwoLanguages, day_words

NAMES = {
    "notice": TwoLanguages("答复是否受理的期限", "time limit of the answer"),
    "promised": TwoLanguages("承诺期限", "promised time limit"),
    "legal": TwoLanguages("法定期限", "statutory time limit"),
    "handover": TwoLanguages("送达期限", "time limit of the hand-over"),
    "act_by": TwoLanguages("办理期限", "time limit"),
}
"""What each due is called (dues.DUES), and the one by which the office must act."""


def moved_words(moved: Mapping[str, tuple[str | None, str]], notices: Sequence[str], today: date) -> TwoLanguages:
    """That dues have moved and why: `moved` is per due the day told and the day now, `notices` the official notices of
    the days that were changed."""
    pairs: dict[tuple[str | None, str], list[str]] = {}
    for name, days in moved.items():
        pairs.setdefault(days, []).append(name)
    parts = [_moved(_called(names), old, new, today) for (old, new), names in pairs.items()]
    why = _reason(moved, notices)
    return TwoLanguages(
        f"{'，'.join(part.zh for part in parts)}。原因：{why.zh}。",
        f"{'; '.join(part.en for part in parts)}. {why.en}.",
    )


def told_words(days: Mapping[str, str | None], year: date | None) -> TwoLanguages | None:
    """Which last days the applicant was told; None if none could be named. A date of another year has its year."""
    same: dict[str, list[str]] = {}
    for name, day in days.items():
        if day:
            same.setdefault(day, []).append(name)
    parts = [(_called(names), day_words(date.fromisoformat(day), year)) for day, names in same.items()]
    zh = "，".join(f"{called.zh}到 {day.zh}" for called, day in parts)
    en = ", ".join(f"{called.en} until {day.en}" for called, day in parts)
    return TwoLanguages(f"告知申请人：{zh}", f"The applicant was told: {en}") if parts else None


def _called(names: Sequence[str]) -> TwoLanguages:
    return TwoLanguages("和".join(NAMES[name].zh for name in names), " and ".join(NAMES[name].en for name in names))


def _moved(called: TwoLanguages, old: str | None, new: str, today: date) -> TwoLanguages:
    now = day_words(date.fromisoformat(new), today)
    if old is None:
        return TwoLanguages(
            f"{called.zh}的最后一天定为 {now.zh}", f"The last day of the {called.en} is now known: {now.en}"
        )
    was = day_words(date.fromisoformat(old), today)
    return TwoLanguages(
        f"{called.zh}的最后一天由 {was.zh}改为 {now.zh}",
        f"The last day of the {called.en} moves from {was.en} to {now.en}",
    )


def _reason(moved: Mapping[str, tuple[str | None, str]], notices: Sequence[str]) -> TwoLanguages:
    source = TwoLanguages(f"（{'、'.join(notices)}）", f" ({', '.join(notices)})") if notices else TwoLanguages("", "")
    if any(old is None for old, _ in moved.values()):
        year = min(new for old, new in moved.values() if old is None)[:4]
        return TwoLanguages(
            f"{year} 年的放假安排已公布{source.zh}", f"The holidays of {year} have been announced{source.en}"
        )
    return TwoLanguages(
        f"放假和调休安排有变动{source.zh}", f"The holidays or make-up days were changed officially{source.en}"
    )
