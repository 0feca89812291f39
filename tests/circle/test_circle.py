"""The answer: limit, opening on arrival, matter, best and why, what lies beyond."""

from datetime import datetime, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.circle.circle import DETOUR, Candidate, answer, candidate, reached
from api.circle.point import Handling, ServicePoint
from api.circle.question import Answer, CircleQuestion
from api.circle.travel.area import Spots
from api.circle.travel.mode import Pace
from api.times import BEIJING
from tests.circle.places import WEEK, made, opening

TUESDAY_10 = datetime(2026, 11, 24, 10, 0, tzinfo=BEIJING)
ANYWHERE = Handling("M", "事", frozenset({"区", "街道", "社区"}), {"街道": "受理", "社区": "受理"}, courier=True)
HALL_ONLY = Handling("M", "事", frozenset({"区"}), {}, courier=True)


def asked(
    *away: tuple[ServicePoint, float],
    at: datetime = TUESDAY_10,
    minutes: int = 15,
    when: str = "arrival",
    matter: Handling | None = None,
    facilities: frozenset[str] = frozenset(),
    limit: int | None = None,
) -> Answer:
    """The answer for points that are so many seconds away."""
    question = CircleQuestion(108.95, 34.26, "walk", minutes, at, when, matter, limit)  # type: ignore[arg-type]
    by_id = sorted(away, key=lambda pair: pair[0].id)
    seconds = np.array([seconds for _, seconds in by_id], dtype=float)
    going = candidates(*(point for point, _ in by_id), matter=matter, facilities=facilities)
    return answer(question, reached(question, going, seconds, Pace(), seconds), opening)


def candidates(
    *points: ServicePoint, matter: Handling | None = None, facilities: frozenset[str] = frozenset()
) -> list[Candidate | None]:
    """Who may be gone to."""
    return [candidate(point, matter, facilities) for point in points]


def ids(found: Answer) -> list[str]:
    """The ids inside, in their order."""
    return [stop.point.id for stop in found.inside]


NEAR, FAR, HALL = made("near", 108.95, 34.26), made("far", 108.96, 34.26), made("hall", 108.97, 34.26, kind="hall")


def test_the_limit_includes_its_last_second_and_nearest_comes_first() -> None:
    assert ids(asked((FAR, 900.0), (NEAR, 100.0), (HALL, 900.1))) == ["near", "far"]


def test_equal_times_are_ordered_by_id() -> None:
    assert ids(asked((NEAR, 60.0), (FAR, 60.0))) == ["far", "near"]


@pytest.mark.parametrize(
    ("at", "seconds", "inside"),
    [
        ("2026-11-24T11:50", 540, True),  # 11:59
        ("2026-11-24T11:50", 600, False),  # 12:00, lunch
        ("2026-11-24T12:50", 540, False),  # 12:59
        ("2026-11-24T12:50", 600, True),  # 13:00
        ("2026-11-24T16:50", 599, True),
        ("2026-11-24T16:50", 600, False),
        ("2026-11-23T23:55", 600, False),
        ("2026-11-28T10:00", 60, False),  # a Saturday
        ("2026-10-01T10:00", 60, False),  # National Day
        ("2026-02-14T10:00", 60, True),  # a Saturday worked instead (调休)
    ],
)
def test_what_counts_is_whether_it_is_open_on_arrival(at: str, seconds: float, inside: bool) -> None:
    found = asked((NEAR, seconds), at=datetime.fromisoformat(at).replace(tzinfo=BEIJING))
    assert bool(found.inside) is inside


def test_with_open_any_closed_places_stay_and_tell_when_they_open() -> None:
    found = asked((NEAR, 600.0), at=datetime(2026, 11, 24, 11, 55, tzinfo=BEIJING), when="any")
    stop = found.inside[0].opening
    assert not stop.open
    assert stop.next_opens_at == datetime(2026, 11, 24, 13, 0, tzinfo=BEIJING)
    assert "13:00" in found.why.zh


@given(
    st.lists(st.floats(0, 3600), min_size=1, max_size=12),
    st.integers(0, 30 * 24 * 60),
)
def test_asking_once_for_many_arrivals_is_the_same_as_asking_for_each(times: list[float], minute: int) -> None:
    at = datetime(2026, 9, 20, tzinfo=BEIJING) + timedelta(minutes=minute)
    points = [(made(f"p{i:02}", 108.95, 34.26), seconds) for i, seconds in enumerate(times)]
    found = asked(*points, at=at, minutes=60, when="any")
    for stop in found.inside:
        alone = opening(WEEK, at + timedelta(seconds=stop.seconds))
        assert (stop.opening.open, stop.opening.closes_at, stop.opening.next_opens_at) == (
            alone.open,
            alone.closes_at,
            alone.next_opens_at,
        )


def test_only_places_that_take_the_matter_in_or_hand_it_out_are_named() -> None:
    assert ids(asked((NEAR, 60.0), (HALL, 800.0), matter=HALL_ONLY)) == ["hall"]
    assert ids(asked((NEAR, 60.0), (HALL, 800.0), matter=ANYWHERE)) == ["near", "hall"]


def test_one_visit_is_worth_five_minutes_but_not_more() -> None:
    best = asked((NEAR, 60.0), (HALL, 300.0), matter=ANYWHERE).best
    assert best is not None
    assert best.point is HALL
    best = asked((NEAR, 60.0), (HALL, 400.0), matter=ANYWHERE).best
    assert best is not None
    assert best.point is NEAR


def test_best_says_why_in_both_languages() -> None:
    why = asked((HALL, 300.0), matter=HALL_ONLY).why
    assert why.zh == "步行约 5 分钟；到达时开放，12:00–13:00 午休（时间未经核实，请先问一问）；在这里一次办完。"
    assert why.en.startswith("On foot about 5 min; open on arrival, closed 12:00–13:00 for lunch")
    assert "快递" in asked((NEAR, 300.0), matter=ANYWHERE).why.zh


def test_best_is_not_one_that_closes_before_one_is_served() -> None:
    at = datetime(2026, 11, 24, 11, 45, tzinfo=BEIJING)
    open_on = made("open_on", 108.95, 34.26, hours="Mo-Fr 09:00-17:00")
    best = asked((NEAR, 60.0), (open_on, 600.0), at=at).best
    assert best is not None
    assert best.point is open_on


def test_when_nothing_is_inside_the_three_nearest_others_are_told() -> None:
    points = [(made(f"p{i}", 108.95, 34.26), 1000.0 + i) for i in range(5)]
    found = asked(*points)
    assert ids(found) == []
    assert [stop.point.id for stop in found.beyond] == ["p0", "p1", "p2"]
    assert "最近的是点 p0" in found.why.zh


def test_when_all_are_closed_the_first_to_open_is_told() -> None:
    found = asked((NEAR, 60.0), at=datetime(2026, 11, 24, 20, 0, tzinfo=BEIJING), matter=ANYWHERE)
    assert [stop.point.id for stop in found.beyond] == ["near"]
    assert "11月25日 09:00" in found.why.zh
    assert "快递" in found.why.zh


def test_a_matter_with_an_office_of_its_own_names_it() -> None:
    found = asked((HALL, 60.0), matter=Handling("M", "出生", frozenset({"区"}), {}, place="户籍地派出所"))
    assert not found.beyond
    assert "户籍地派出所" in found.why.zh


def test_facilities_must_all_be_there_and_unbuilt_places_are_left_out() -> None:
    both = made("both", 108.95, 34.26, facilities=("wheelchair", "reading_glasses"))
    one = made("one", 108.95, 34.26, facilities=("wheelchair",))
    planned = made("planned", 108.95, 34.26, built="no")
    wanted = frozenset({"wheelchair", "reading_glasses"})
    assert ids(asked((both, 10.0), (one, 20.0), (planned, 30.0), facilities=wanted)) == ["both"]
    assert ids(asked((both, 10.0), (one, 20.0), (planned, 30.0))) == ["both", "one"]


def test_what_cannot_be_reached_is_neither_inside_nor_beyond() -> None:
    found = asked((NEAR, float("inf")))
    assert not found.inside
    assert not found.beyond


def test_an_estimate_is_the_straight_line_with_a_detour() -> None:
    question = CircleQuestion(108.95, 34.26, "walk", 15, TUESDAY_10)
    metres = Spots([(108.95, 34.27)]).distances_m(question.lon, question.lat)
    ((_, seconds, basis, away),) = reached(question, candidates(made("there", 108.95, 34.27)), metres, Pace())
    assert basis == "estimate"
    assert away == pytest.approx(1111.95, rel=1e-4)
    assert seconds == pytest.approx(1111.95 * DETOUR / (4.0 / 3.6), rel=1e-4)


def test_a_point_the_tables_do_not_know_is_estimated_and_marked() -> None:
    question = CircleQuestion(108.95, 34.26, "walk", 15, TUESDAY_10)
    seconds, metres = np.array([float("nan"), 12.0]), np.array([900.0, 10.0])
    known, unknown = reached(question, candidates(FAR, NEAR), metres, Pace(), seconds)
    assert known == (candidate(NEAR, None, frozenset()), 12.0, "network", 10.0)
    assert unknown[0] == candidate(FAR, None, frozenset())
    assert unknown[2] == "estimate"
