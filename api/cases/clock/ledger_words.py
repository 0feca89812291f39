"""The ledger of a case's clock in words, line by line, in Chinese and English."""

from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime
from typing import Any

from api.calendar.day_words import TwoLanguages, day_words
from api.calendar.day_words import number_of_days as days
from api.cases.case import Action
from api.cases.clock.due_words import told_words
from api.cases.kinds import KINDS
from api.times import BEIJING

OVER = frozenset({"decided", "ended"})
"""The states of a clock that counts no more."""
ENDED_BY = {"promised_due": "decision", "legal_due": "decision", "handover_due": "handed_over"}
"""Per due day: the event after which it binds nobody."""
WORDS = {
    "start:accepted": TwoLanguages("受理，开始计时", "Accepted; time begins to run"),
    "start:deemed": TwoLanguages(
        "期限内没有答复，视为受理，从收到材料之日起计时", "No answer in time: deemed accepted from the day of arrival"
    ),
    "decision:end": TwoLanguages("办理结束", "Ended"),
    "handed_over": TwoLanguages("结果送达", "Handed over"),
    "promised_due": TwoLanguages("承诺期限的最后一天", "Last day of the promised time limit"),
    "legal_due": TwoLanguages("法定期限的最后一天", "Last day of the statutory time limit"),
    "handover_due": TwoLanguages("送达期限的最后一天", "Last day for handing over"),
}
PROCEDURES = {
    "stop": TwoLanguages("{what}开始，暂停计时", "{what} begins; the clock stops"),
    "resume": TwoLanguages("{what}结束，继续计时", "{what} ends; the clock runs on"),
    "runs": TwoLanguages("{what}（照常计时）", "{what} (the clock runs on)"),
    "extend_refused": TwoLanguages("延长没有生效", "The extension has no effect"),
}


def ledger_lines(
    clock: Mapping[str, Any], kind: str, today: date, year: date | None, why: Mapping[str, TwoLanguages]
) -> list[dict[str, Any]]:
    """The ledger of the clock of a case of this kind: `{date, day, day_en, text, text_en, used, used_text,
    used_text_en}` per line; a date of another year than that of `year` has its year.

    A due day that an end came before, or fell on, is left out; one that had passed by then stays. What the applicant
    was told of last days stands among the events. `why` has, per event (`2026-12-01 stop:检验`), who did it and why.
    """
    unit, rows = clock.get("unit") or "working", [_parts(line) for line in clock.get("ledger", ())]
    ends = {code.partition(":")[0]: day for day, code, _ in rows}
    if not clock.get("handed_over", True):
        ends.pop("handed_over", None)  # that of a result which was made anew since
    lines = [_told_line(row, year) for row in clock.get("telling", ())]
    for day, code, count in rows:
        if code in ENDED_BY and day >= ends.get(ENDED_BY[code], "9999"):
            continue
        words, used = ledger_words(code, unit, kind), None if count == "?" else int(count)
        more = why.get(f"{day} {code}", TwoLanguages("", ""))
        counts = used is not None and day <= today.isoformat() and _is_counted(clock, code)
        nth = days(used or 0, unit) if counts else TwoLanguages("", "")
        line = _line(day, TwoLanguages(words.zh + more.zh, words.en + more.en), year, used)
        used_words = {"used_text": f"已用 {nth.zh}", "used_text_en": f"{nth.en} used"} if counts else {}
        lines.append((day, AMONG_EVENTS + (code in ENDED_BY) * 2, {**line, **used_words}))
    return [line for _, _, line in sorted((line for line in lines if line), key=lambda line: line[:2])]


AMONG_EVENTS = 0
"""The place of events in a day; what was told by them comes next, last days come last."""


def _told_line(row: Mapping[str, Any], year: date | None) -> tuple[str, int, dict[str, Any]] | None:
    """The line of what the applicant was told of last days, or of a last day that moved; None where none was named."""
    day = datetime.fromisoformat(row["at"]).astimezone(BEIJING).date().isoformat()
    words = TwoLanguages(row["about"], row["about_en"]) if "about" in row else told_words(row["days"], year)
    return (day, AMONG_EVENTS + 1, _line(day, words, year, None)) if words else None


def _line(day: str, words: TwoLanguages, year: date | None, used: int | None) -> dict[str, Any]:
    on = day_words(date.fromisoformat(day), year)
    return {
        "date": day,
        "day": on.zh,
        "day_en": on.en,
        "text": words.zh,
        "text_en": words.en,
        "used": used,
        "used_text": "",
        "used_text_en": "",
    }


def _parts(line: str) -> tuple[str, str, str]:
    """Day, code and count of a line of the ledger; the name of a procedure may have blanks."""
    day, _, rest = line.partition(" ")
    code, _, count = rest.rpartition(" ")
    return day, code, count


def ledger_words(code: str, unit: str, kind: str) -> TwoLanguages:
    """A code of the ledger (rule 37) in words: an extension in the unit of the legal limit, a decision in the words of
    the kind of matter."""
    if code in WORDS:
        return WORDS[code]
    verb, _, what = code.partition(":")
    if verb == "decision":
        outcome = KINDS[kind].granted if what == "grant" else KINDS[kind].refused
        return TwoLanguages(f"作出决定：{outcome.zh}", f"Decided: {outcome.en}")
    if verb == "extend":
        more = days(int(what), unit)
        return TwoLanguages(f"经批准延长 {more.zh}", f"Extended by {more.en}")
    words = PROCEDURES[verb]
    return TwoLanguages(words.zh.format(what=what), words.en.format(what=what))


def reasons(actions: Iterable[Action], name_of: Callable[[str], str]) -> dict[str, TwoLanguages]:
    """By event of the ledger (`2026-12-01 stop:检验`): who stopped, resumed or extended the clock, and why.

    `name_of(id)` is the name of a member of staff.
    """
    why: dict[str, TwoLanguages] = {}
    for action in actions:
        kind, day = action.data.get("procedure"), action.at.astimezone(BEIJING).date().isoformat()
        codes = {
            "start_procedure": (f"stop:{kind}", f"runs:{kind}"),
            "end_procedure": (f"resume:{kind}",),
            "approve_extension": (f"extend:+{action.data.get('days')}",),
        }.get(action.act)
        if codes is None:
            continue
        who, text = name_of(action.by), action.data.get("text") or ""
        words = TwoLanguages(f"（{who}{text and f'：{text}'}）", f" ({who}{text and f': {text}'})")
        why |= {f"{day} {code}": words for code in codes}
    return why


def _is_counted(clock: Mapping[str, Any], code: str) -> bool:
    """Whether the number of a line is one of the limit that the line is about: the ledger counts the legal limit, or
    the promise where there is none."""
    if clock.get("total") is None and clock.get("promised_total") is None:
        return False
    return code != "handover_due" and (code != "promised_due" or clock.get("unit") in (None, "working"))
