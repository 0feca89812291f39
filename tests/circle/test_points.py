"""Service points: the starter file, a loader that tells all that is wrong, and what part of a matter a place does."""

import pytest

from api.calendar.hours import parse_hours
from api.circle.point import Handling, Kind, Part, handling_of, parts
from api.circle.points_csv import COLUMNS, read_points, write_points
from api.refusals import BadFields
from tests.circle.places import STARTER, made

GOOD = {"id": "P1", "kind": "hall", "name": "大厅", "hours": "Mo-Fr 09:00-12:00,13:00-17:00"}


def table(*rows: dict[str, str]) -> bytes:
    """A CSV file with these rows under all columns."""
    lines = [",".join(COLUMNS)]
    lines += [",".join(f'"{row.get(column, "")}"' for column in COLUMNS) for row in rows]
    return "\n".join(lines).encode()


def faults(content: bytes) -> dict[str, list[str]]:
    """What the loader complains of."""
    with pytest.raises(BadFields) as refused:
        read_points(content, parse_hours)
    assert refused.value.errors
    return refused.value.errors


def test_the_starter_file_holds_the_hall_nine_centres_and_the_stations() -> None:
    points = read_points(STARTER.read_bytes(), parse_hours)
    assert [sum(p.kind == kind for p in points) for kind in ("hall", "centre", "station")] == [1, 9, 109]
    assert sum(p.position is None for p in points) == 41
    assert not any(p.confirmed or p.hours_confirmed for p in points)


def test_what_is_written_is_read_back_the_same() -> None:
    points = read_points(STARTER.read_bytes(), parse_hours)
    assert read_points(write_points(points).encode(), parse_hours) == points
    assert read_points(write_points(points).encode("gb18030"), parse_hours) == points


def test_every_fault_is_told_at_once_by_line_and_column() -> None:
    rows = [
        GOOD,
        GOOD | {"id": "P2", "kind": "palace", "lon": "34.27", "lat": "108.95"},
        GOOD | {"id": "P 3", "name": "", "hours": "daily", "lon": "108.95"},
        GOOD | {"facilities": "wheelchair;sauna", "position_error_m": "-5", "community_code12": "61010200100X"},
    ]
    assert set(faults(table(*rows))) == {
        "line 3: kind",
        "line 3: lat",
        "line 4: id",
        "line 4: name",
        "line 4: hours",
        "line 4: lat",
        "line 5: facilities",
        "line 5: position_error_m",
        "line 5: community_code12",
    }


def test_an_id_that_comes_twice_is_a_fault() -> None:
    assert set(faults(table(GOOD, GOOD))) == {"line 3: id"}


def test_swapped_coordinates_are_recognised() -> None:
    assert "写反" in faults(table(GOOD | {"lon": "34.27", "lat": "108.95"}))["line 2: lat"][0]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"id,kind\n1,2\n",
        b"id,kind,name,hours,colour\n",
        b'id,kind,name,hours\nP1,hall,"open',
        b"id,kind,name,hours\n",
        b"\xff\xfe\x00\x80",
        b"PK\x03\x04\x14\x00\x06\x00",
        ",".join(COLUMNS).encode() + b"\n" + b"a," * 40,
    ],
)
def test_what_is_no_table_of_points_is_refused(content: bytes) -> None:
    assert faults(content)


DISTRICT = Handling("M", "事", frozenset({"区"}), {})
SUNK = Handling("M", "事", frozenset({"区", "街道", "社区"}), {"街道": "受理、初审、公示", "社区": "入户核查"})


@pytest.mark.parametrize(
    ("matter", "kind", "expected"),
    [
        (DISTRICT, "hall", ("accept", "review", "collect")),
        (DISTRICT, "centre", ()),
        (DISTRICT, "station", ()),
        (SUNK, "centre", ("accept", "review")),
        (SUNK, "station", ()),
        (Handling("M", "事", frozenset({"街道"}), {"街道": "受理、踏勘协同、发证"}), "centre", ("accept", "collect")),
        (Handling("M", "事", frozenset({"街道"}), {"街道": "登记发证"}), "centre", ("accept", "collect")),
        (Handling("M", "事", frozenset({"街道"}), {"街道": "办理"}), "centre", ("accept", "review", "collect")),
        (Handling("M", "事", frozenset({"街道", "社区"}), {"社区": "受理代办"}), "station", ("accept",)),
        (Handling("M", "事", frozenset({"区", "街道"}), {}), "centre", ("accept",)),
        (Handling("M", "事", frozenset({"社区"}), {"社区": "帮办"}), "station", ()),
        (Handling("M", "事", frozenset({"社区"}), {"社区": "帮办"}, frozenset({"社区"})), "station", ("accept",)),
        (Handling("M", "事", frozenset({"区"}), {}, place="户籍地派出所"), "hall", ()),
        (SUNK, "self_service", ()),
    ],
)
def test_a_place_does_what_its_level_and_the_sink_text_say(
    matter: Handling, kind: Kind, expected: tuple[Part, ...]
) -> None:
    assert parts(matter, kind) == expected


@pytest.mark.parametrize(
    ("error", "confirmed", "rough"),
    [(99, False, False), (100, False, True), (350, True, True), (None, True, False), (None, False, True)],
)
def test_a_position_is_rough_from_a_hundred_metres_on_or_where_nobody_knows(
    error: int | None, confirmed: bool, rough: bool
) -> None:
    assert made("P", 108.95, 34.26, position_error_m=error, confirmed=confirmed).position_rough is rough
    assert not made("P", None, None).position_rough


def test_a_catalogue_entry_becomes_a_handling() -> None:
    entry = {
        "code": "XC-1",
        "name": "事项",
        "level": ["区", "社区"],
        "sink_mode": {"社区": "受理"},
        "high_frequency_community": True,
        "handling_place": None,
        "courier": {"collect_materials": False, "deliver_result": True},
    }
    handling = handling_of(entry)
    assert handling.frequent == {"社区"}
    assert handling.courier
    assert parts(handling, "station") == ("accept",)
