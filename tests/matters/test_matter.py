"""The rules of the catalogue, over all starter matters."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from api.cases.clock.of_case import clock_facts
from api.matters.catalogue.matter import DayLimit, Matter, guide, in_force, matter_of
from tests.matters.starter import RECORDS

DAY = date(2026, 11, 24)
ALL = [matter_of(record) for record in RECORDS]


def plain_due(days: int, unit: str, start: date) -> date:
    """A calendar without rest days."""
    assert unit in {"working", "calendar"}
    return start + timedelta(days=days)


def one(code: str) -> Matter:
    """A starter matter."""
    return next(matter for matter in ALL if matter.code == code)


def test_the_starter_catalogue_has_74_matters_each_once() -> None:
    assert len({matter.code for matter in ALL}) == len(ALL) == 74


@pytest.mark.parametrize("matter", ALL, ids=lambda matter: matter.code)
def test_every_material_is_in_exactly_one_part_of_the_guide(matter: Matter) -> None:
    found = guide(matter, DAY, plain_due)
    parts = [*found.to_bring, *found.held_by_state, *found.to_fill_in]
    assert sorted(parts, key=lambda m: m.key) == sorted(matter.materials, key=lambda m: m.key)
    assert set(found.may_follow) == {m for m in found.to_bring if m.deferrable}
    assert all(m.held_by_state for m in found.held_by_state)
    assert all(m.form for m in found.to_fill_in)


def test_what_the_state_issued_is_not_to_be_brought() -> None:
    found = guide(one("XC-行政许可-001"), DAY, plain_due)
    assert [m.name for m in found.held_by_state] == ["营业执照", "法定代表人(负责人)居民身份证"]
    assert [m.name for m in found.to_fill_in] == ["食品经营许可申请书"]
    assert [m.key for m in found.to_bring] == [m.key for m in found.may_follow] == ["m4", "m5"]


def test_limits_are_dates_from_the_day_of_the_question_in_the_unit_of_the_law() -> None:
    asked: list[tuple[int, str, date]] = []

    def due(days: int, unit: str, start: date) -> date:
        asked.append((days, unit, start))
        return date(2027, 1, 1)

    found = guide(one("XC-行政许可-016"), DAY, due)
    assert asked == [(90, "calendar", DAY), (45, "working", DAY)]
    assert (found.legal_due, found.promised_due, found.start) == (date(2027, 1, 1), date(2027, 1, 1), DAY)


def test_where_the_law_sets_no_limit_there_is_no_date() -> None:
    found = guide(one("XC-行政确认-003"), DAY, plain_due)
    assert found.legal_due is None
    assert found.promised_due == DAY


def test_an_unpublished_year_gives_no_date() -> None:
    found = guide(one("XC-行政许可-001"), DAY, lambda days, unit, start: None)
    assert (found.legal_due, found.promised_due) == (None, None)


def test_keys_of_materials_are_stable_within_a_version() -> None:
    first, again = (matter_of(RECORDS[0]).materials for _ in range(2))
    assert [m.key for m in first] == [m.key for m in again] == ["m1", "m2", "m3", "m4", "m5"]


def test_the_newest_version_whose_time_it_is_is_in_force() -> None:
    first = replace(one("XC-行政许可-001"), valid_until=date(2027, 1, 1))
    second = replace(first, version=2, valid_from=date(2027, 1, 1), valid_until=None)
    assert in_force([first, second], date(2026, 12, 31)) == first
    assert in_force([first, second], date(2027, 1, 1)) == second
    assert in_force([replace(first, valid_from=date(2026, 12, 1))], DAY) is None


def test_only_what_the_matters_own_law_lets_stop_the_clock_does() -> None:
    assert one("XC-行政许可-010").clock_stops == ("听证",)
    assert one("XC-行政许可-001").clock_stops == ()
    assert one("XC-行政许可-032").clock_stops == ("中介评估",)


def test_an_older_version_of_a_permit_stops_its_clock_for_nothing_that_no_law_names() -> None:
    steps = [
        {"name": name, "stops_clock": True, "not_counted_by": law}
        for name, law in (("公示", None), ("检验", None), ("评估", "某条例 第1条"))
    ]
    permit = {**one("XC-行政许可-001").record, "special_procedures": steps}
    assert matter_of(permit).clock_stops == ("检验", "评估")
    assert matter_of({**permit, "kind": "行政给付"}).clock_stops == ("公示", "检验", "评估")


def test_an_extension_is_known_to_the_clock_with_who_approves_it() -> None:
    rules = {code: clock_facts(one(code), []).get("extension_rule") for code in ("XC-行政许可-010", "XC-行政给付-002")}
    assert rules == {"XC-行政许可-010": {"max_days": 10, "approver": "agency_head"}, "XC-行政给付-002": None}
    joint = {**one("XC-行政许可-010").record, "extension_approver": "本级人民政府负责人"}
    assert clock_facts(matter_of(joint), [])["extension_rule"]["approver"] == "government_head"


@pytest.mark.parametrize("matter", ALL, ids=lambda matter: matter.code)
def test_what_is_not_verified_is_named(matter: Matter) -> None:
    record = matter.record
    assert set(record["unverified_fields"]).isdisjoint(record["verified_fields"])
    assert "online_depth" in record["unverified_fields"]


@pytest.mark.parametrize(
    ("change", "error"), [({"statutory_day_unit": "月"}, KeyError), ({"valid_from": "soon"}, ValueError)]
)
def test_an_entry_that_cannot_be_read_is_refused(change: dict[str, Any], error: type[Exception]) -> None:
    assert matter_of(RECORDS[0]).statutory == DayLimit(10, "working")
    with pytest.raises(error):
        matter_of({**RECORDS[0], **change})
