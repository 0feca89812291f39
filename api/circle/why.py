"""The reason why a point is recommended, or why none is, as sentences in Chinese and English."""

from collections.abc import Sequence
from datetime import date, datetime, time
from functools import lru_cache

from api.circle.arrival import NEVER, arrival_at, pause, too_late
from api.circle.question import Bilingual, CircleQuestion, Stop
from api.circle.travel.nearest import FAR_SNAP_M, SNAP_LIMIT_M
from api.times import BEIJING

_BY = {
    "walk": Bilingual("步行", "On foot"),
    "walk_slow": Bilingual("慢走", "Walking slowly"),
    "bike": Bilingual("骑车", "By bike"),
    "drive": Bilingual("开车", "By car"),
}
_NOT_CONFIRMED = Bilingual("时间未经核实，请先问一问", "hours not confirmed: ask first")
_NOT_ANNOUNCED = Bilingual(
    "那一年的放假安排尚未公布，可能有变", "the holidays of that year are not announced yet: this may change"
)
_PART = {
    "accept": Bilingual("受理", "hand in"),
    "review": Bilingual("审核", "be reviewed"),
    "collect": Bilingual("领证", "collect"),
}


def why(question: CircleQuestion, best: Stop) -> Bilingual:
    """Why the best stop is recommended: travel, opening, what can be done there."""
    return _joined([_travel(question, best), _opening(question, best), *_doing(question, best)])


def _joined(clauses: Sequence[Bilingual]) -> Bilingual:
    return Bilingual("；".join(c.zh for c in clauses) + "。", "; ".join(c.en for c in clauses) + ".")


def _travel(question: CircleQuestion, stop: Stop) -> Bilingual:
    minutes = max(1, round(stop.seconds / 60))
    guess = (
        Bilingual("（按直线估算）", " (estimated from the straight line)")
        if stop.basis == "estimate"
        else Bilingual("", "")
    )
    by = _BY[question.mode]
    return Bilingual(f"{by.zh}约 {minutes} 分钟{guess.zh}", f"{by.en} about {minutes} min{guess.en}")


def _opening(question: CircleQuestion, stop: Stop) -> Bilingual:
    opening, arrival = stop.opening, arrival_at(question, stop)
    doubts = [] if stop.point.hours_confirmed else [_NOT_CONFIRMED]
    if opening.provisional_today if opening.open else opening.provisional:
        doubts.append(_NOT_ANNOUNCED)
    sure = Bilingual("".join(f"（{d.zh}）" for d in doubts), "".join(f" ({d.en})" for d in doubts))
    if not opening.open:
        at = _clock(opening.next_opens_at, arrival)
        return Bilingual(f"到达时不开放，{at.zh}开门{sure.zh}", f"closed on arrival, opens {at.en}{sure.en}")
    if break_ := pause(opening):
        rest = _rest(*break_, is_soon=too_late(question, stop))
        return Bilingual(f"到达时开放，{rest.zh}{sure.zh}", f"open on arrival, {rest.en}{sure.en}")
    at = _clock(opening.closes_at, arrival)
    late = Bilingual("，时间很紧", ", little time left") if too_late(question, stop) else Bilingual("", "")
    return Bilingual(f"到达时开放，{at.zh}关门{late.zh}{sure.zh}", f"open on arrival, closes {at.en}{late.en}{sure.en}")


def _rest(begins: datetime, ends: datetime, *, is_soon: bool) -> Bilingual:
    """A break in the day: the place closes and opens again, which is no end of its hours."""
    is_lunch = time(11) <= begins.time() and ends.time() <= time(15, 30)
    zh, en = ("午休", "for lunch") if is_lunch else ("中间休息", "for a break")
    wait = Bilingual(f"，赶不上就等 {ends:%H:%M} 再办", f"; if that is too soon, from {ends:%H:%M} on")
    soon = wait if is_soon else Bilingual("", "")
    hours = f"{begins:%H:%M}–{ends:%H:%M}"
    return Bilingual(f"{hours} {zh}{soon.zh}", f"closed {hours} {en}{soon.en}")


def _doing(question: CircleQuestion, stop: Stop) -> list[Bilingual]:
    if question.matter is None:
        return []
    if len(stop.can) == 3:
        return [Bilingual("在这里一次办完", "everything is done in one visit")]
    named = [_PART[part] for part in stop.can]
    doing = Bilingual(f"在这里可以{'、'.join(w.zh for w in named)}", f"here you can {', '.join(w.en for w in named)}")
    return [doing, *_courier(question, stop)]


def _courier(question: CircleQuestion, stop: Stop) -> list[Bilingual]:
    if question.matter and question.matter.courier and "collect" not in stop.can:
        return [Bilingual("证件可以快递到家", "the result can be couriered")]
    return []


def snap_notice(metres: float | None) -> Bilingual | None:
    """A notice that the nearest street is far (`metres`) or that none is within SNAP_LIMIT_M (None); else None."""
    if metres is None:
        limit = round(SNAP_LIMIT_M)
        return Bilingual(
            f"您的位置 {limit} 米内没有街道，时间是按直线距离估算的，实际可能更久。",
            f"No street within {limit} m of your position: times are estimated from the straight line.",
        )
    if metres <= FAR_SNAP_M:
        return None
    return Bilingual(
        f"您的位置离最近的街道约 {metres:.0f} 米，到街道的这一段是按直线步行算的。",
        f"The nearest street is about {metres:.0f} m from your position: the way to it is reckoned as a straight walk.",
    )


def why_none(question: CircleQuestion, closed: Sequence[Stop], beyond: Sequence[Stop]) -> Bilingual:
    """Why no point is inside: not done here, nothing near enough, or all closed on arrival."""
    courier = bool(question.matter and question.matter.courier)
    online = [Bilingual("也可以网上办、快递送", "or apply online and use the courier")] if courier else []
    if not beyond:
        place = question.matter.place if question.matter else None
        if place:
            return _joined([Bilingual(f"这件事在{place}办理，不在服务点办", f"This is done at: {place}"), *online])
        return _joined([Bilingual("没有找到能办的服务点", "No service point found that can do this"), *online])
    nearest = beyond[0]
    if closed:
        soonest = min(closed, key=lambda stop: stop.opening.next_opens_at or NEVER)
        at = _clock(soonest.opening.next_opens_at, question.at)
        doubt = (f"（{_NOT_ANNOUNCED.zh}）", f" ({_NOT_ANNOUNCED.en})") if soonest.opening.provisional else ("", "")
        return _joined(
            [
                Bilingual(
                    f"{question.minutes} 分钟内的服务点到达时都不开放",
                    f"All within {question.minutes} min are closed on arrival",
                ),
                Bilingual(
                    f"最早 {soonest.point.name} {at.zh}开门{doubt[0]}",
                    f"the first to open is {soonest.point.name}, {at.en}{doubt[1]}",
                ),
                *online,
            ]
        )
    travel = _travel(question, nearest)
    return _joined(
        [
            Bilingual(
                f"{question.minutes} 分钟内没有能办的服务点", f"Nothing that can do this within {question.minutes} min"
            ),
            Bilingual(
                f"最近的是{nearest.point.name}，{travel.zh}", f"the nearest is {nearest.point.name}: {travel.en}"
            ),
            *online,
        ]
    )


def _clock(at: datetime | None, seen_from: datetime) -> Bilingual:
    """A time of day in Beijing, with the date where it is not the day of `seen_from`."""
    if at is None:
        return Bilingual("30 天内没有确定时间", "at no known time within 30 days")
    return _clock_on(at, seen_from.astimezone(BEIJING).date())


@lru_cache(1_024)
def _clock_on(at: datetime, day: date) -> Bilingual:
    local = at.astimezone(BEIJING)
    if local.date() == day:
        return Bilingual(f"{local:%H:%M} ", f"at {local:%H:%M}")
    return Bilingual(f"{local.month}月{local.day}日 {local:%H:%M} ", f"on {local:%Y-%m-%d} at {local:%H:%M}")
