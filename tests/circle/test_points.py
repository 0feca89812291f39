"""Service points: the starter file, a loader that tells all that is wrong, and what part of a matter a place does."""

import csv
import io
import re

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
    assert sum(p.position is None for p in points) == 36
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


@pytest.mark.parametrize("sign", ["TRUE", "True", "true", "是"])
def test_a_spreadsheet_may_write_true_in_its_own_way(sign: str) -> None:
    (point,) = read_points(table(GOOD | {"confirmed": sign, "built": "YES"}), parse_hours)
    assert (point.confirmed, point.built) == (True, "yes")


@pytest.mark.parametrize("blank", [",,,", "," * (len(COLUMNS) - 1), "", '" ","　",', "\t,,", "," * 99])
def test_rows_of_commas_are_no_rows(blank: str) -> None:
    lines = table(GOOD).decode().split("\n")
    content = "\n".join([*lines[:1], blank, *lines[1:], blank, blank]).encode()
    assert [point.id for point in read_points(content, parse_hours)] == ["P1"]


@pytest.mark.parametrize("delimiter", [";", "\t"])
def test_a_spreadsheet_may_part_its_columns_in_its_own_way(delimiter: str) -> None:
    content = table(GOOD | {"facilities": "wheelchair;volunteer_station"}).decode().replace(",", delimiter)
    content = content.replace(f"12:00{delimiter}13:00", "12:00,13:00")
    (point,) = read_points(content.encode(), parse_hours)
    assert point.facilities == ("wheelchair", "volunteer_station")


NAME = {"name": "新城區政務服務大廳", "address": "解放路一百六十六號"}


@pytest.mark.parametrize(
    ("content", "word"),
    [
        (table(GOOD | NAME).decode().encode("big5"), "Big5"),
        (table(GOOD | {"address": "長樂中路街道便民服務中心"}).decode().encode("big5", "replace"), "Big5"),
        (table(GOOD | {"name": "大厅"}).decode("gb18030", "replace").encode(), "乱码"),
        (table(GOOD).decode("latin-1").encode(), "乱码"),
        (table(GOOD | {"name": "大\ufffd"}), "乱码"),
        (table(GOOD).decode().encode("utf-16"), "编码"),
    ],
)
def test_a_text_that_is_not_what_it_claims_is_asked_about(content: bytes, word: str) -> None:
    assert word in faults(content)["line 1"][0]


def test_rare_characters_of_names_are_no_reason_to_ask() -> None:
    usual = {**GOOD, "name": "西一路街道便民服务中心"}
    rows = [usual | {"id": f"P{n}", "leader": name} for n, name in enumerate(("㛃䶮", "𬱖", "喆堃", "龑"))]
    assert len(read_points(table(*rows).decode().encode("gb18030"), parse_hours)) == 4


def test_a_code_that_a_spreadsheet_made_a_number_of_says_how_it_is_kept() -> None:
    reason = "".join(faults(table(GOOD | {"community_code12": "6.10102E+11"}))["line 2: community_code12"])
    assert "文本" in reason


@pytest.mark.parametrize(("text", "day"), [("2025-11-24", "2025-11-24"), ("2025/11/4", "2025-11-04"), ("", "")])
def test_a_day_may_stand_as_a_spreadsheet_writes_it(text: str, day: str) -> None:
    (point,) = read_points(table(GOOD | {"accepts_from": text}), parse_hours)
    assert point.accepts_from == day


@pytest.mark.parametrize("text", ["2025-13-01", "24.11.2025", "soon", "2025-02-29"])
def test_what_is_no_day_is_a_fault(text: str) -> None:
    assert "line 2: accepts_from" in faults(table(GOOD | {"accepts_from": text}))


def test_only_a_hall_has_a_day_from_which_it_accepts() -> None:
    assert "line 2: accepts_from" in faults(table(GOOD | {"kind": "station", "accepts_from": "2025-11-24"}))


def test_positions_from_openstreetmap_say_so_with_their_basis_and_error() -> None:
    points = [p for p in read_points(STARTER.read_bytes(), parse_hours) if "OpenStreetMap" in p.position_basis]
    assert len(points) == 10
    for point in points:
        assert point.position_rough
        assert not point.confirmed
        assert (point.position_error_m or 0) >= 300
        assert "ODbL" in point.source
        assert "assumption" in point.position_basis


FORMULAS = [
    "=1+1",
    "+86 29 8740 0000",
    "-2+3",
    "@SUM(A1)",
    "＝1+1",
    "＋1",
    "－1",
    "＠x",
    "'=1",
    "''+1",
    "- 备注",
    "=cmd|' /C calc'!A0",
]


@pytest.mark.parametrize("text", FORMULAS)
def test_a_cell_that_begins_a_formula_is_written_as_text_and_read_back_unchanged(text: str) -> None:
    points = [made("P1", None, None, leader=text, name=text, address=f"{text} 新城区西一路街道办事处")]
    written = write_points(points)
    cells = next(csv.reader(io.StringIO(written.splitlines()[1])))
    assert [cell for cell in cells if re.match(r"\s*[=+\-@\t\r＝＋－＠]", cell)] == []
    assert read_points(written.encode(), parse_hours) == points
    assert write_points(read_points(written.encode(), parse_hours)) == written


def test_numbers_below_zero_stay_numbers_and_what_begins_with_an_apostrophe_stays() -> None:
    points = [made("P1", -108.5, -34.2, name="'大厅'", leader="王'=1")]
    written = write_points(points)
    assert ",-108.5,-34.2," in written
    assert read_points(written.encode(), parse_hours) == points
