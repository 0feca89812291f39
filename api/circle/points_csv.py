"""Service points from and to a CSV file. Every row is checked, and all that is wrong is told at once.

The columns are those of data/service_points.csv; UTF-8, or GB 18030 as spreadsheets in China save it.
"""

import csv
import io
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from api.circle.point import FACILITIES, KINDS, ServicePoint, point_of, row_of
from api.refusals import BadFields

COLUMNS = (
    "id", "kind", "name", "street_code9", "street_name", "community_code12", "community_name", "address", "lon", "lat",
    "position_basis", "position_error_m", "area_m2", "built", "built_as_of", "phone", "hours", "hours_basis",
    "facilities", "source", "confirmed",
)  # fmt: skip
REQUIRED = ("id", "kind", "name", "hours")
_FIELDS = {"street_code9": "street_code", "community_code12": "community_code"}
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,39}")
_PHONE = re.compile(r"[0-9+()（） \-—转,，;；/]{3,60}")
_LONGEST = 1_000

Cells = dict[str, str]
Complain = Callable[[str, str], None]
"""Say what is wrong: (column, reason)."""


def read_points(content: bytes, check_hours: Callable[[str], object]) -> list[ServicePoint]:
    """The points of a CSV file. `check_hours` raises ValueError for hours that cannot be read.

    Raises BadFields, its keys `line 12: lon`; then nothing of the file may be used.
    """
    faults: dict[str, list[str]] = {}
    reader = csv.DictReader(io.StringIO(_text(content), newline=""), restkey="", restval="", strict=True)
    found: dict[str, ServicePoint] = {}
    try:
        _check_header(reader.fieldnames or [], faults)
        for row in reader if not faults else ():
            line = reader.line_num

            def complain(column: str, reason: str, line: int = line) -> None:
                faults.setdefault(f"line {line}: {column}", []).append(reason)

            point = _point(row, check_hours, complain)
            if point and found.setdefault(point.id, point) is not point:
                complain("id", f"编号 {point.id} 在前面已经出现过。")
    except csv.Error as error:
        faults[f"line {reader.line_num}"] = [f"不是合格的 CSV：{error}。"]
    if not found and not faults:
        faults["line 2"] = ["文件里没有服务点。"]
    if faults:
        raise BadFields(faults)
    return list(found.values())


def write_points(points: Iterable[ServicePoint]) -> str:
    """The points as CSV text that `read_points` reads back the same."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    for point in points:
        row = row_of(point)
        writer.writerow(_cell(row[_FIELDS.get(column, column)]) for column in COLUMNS)
    return out.getvalue()


def _cell(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list):
        return ";".join(value)
    return "" if value is None else str(value)


def _text(content: bytes) -> str:
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise BadFields({"line 1": ["文字编码不是 UTF-8 或 GB 18030，请另存为 CSV UTF-8。"]})


def _check_header(names: Iterable[str], faults: dict[str, list[str]]) -> None:
    given = list(names)
    wrong = [f"缺少这一列：{name}。" for name in REQUIRED if name not in given]
    wrong += [f"不认识这一列：{name}。" for name in given if name not in COLUMNS]
    wrong += [f"这一列出现了两次：{name}。" for name in dict.fromkeys(given) if given.count(name) > 1]
    if wrong:
        faults["line 1"] = wrong


def _point(row: Mapping[str, Any], check_hours: Callable[[str], object], complain: Complain) -> ServicePoint | None:
    """The point of one row, or None after complaining."""
    wrong: list[str] = []

    def note(column: str, reason: str) -> None:
        wrong.append(column)
        complain(column, reason)

    if row.get(""):
        note("row", "这一行的格子比表头多。")
    cells: Cells = {name: str(row.get(name) or "").strip() for name in COLUMNS}
    for column, value in cells.items():
        if len(value) > _LONGEST or any(ord(sign) < 32 for sign in value):
            note(column, f"不能有换行等控制字符，也不能超过 {_LONGEST} 字。")
    values: dict[str, Any] = {_FIELDS.get(name, name): value for name, value in cells.items()}
    _check_names(cells, note)
    _check_codes(cells, note)
    try:
        check_hours(cells["hours"])
    except ValueError as error:
        note("hours", f"开放时间读不懂，例：Mo-Fr 09:00-12:00,13:00-17:00。（{error}）")
    values["lon"], values["lat"] = _check_position(cells, note)
    values["facilities"] = _check_facilities(cells, note)
    for column, most in (("position_error_m", 100_000), ("area_m2", 1_000_000)):
        values[column] = _whole(cells, column, most, note)
    values["confirmed"] = cells["confirmed"] == "true"
    values["built"] = cells["built"] or "yes"
    return None if wrong else point_of(values)


def _check_names(cells: Cells, note: Complain) -> None:
    if not _ID.fullmatch(cells["id"]):
        note("id", "编号必填：字母、数字、- 和 _，最多 40 个。")
    if not 0 < len(cells["name"]) <= 100:
        note("name", "名称必填，最多 100 字。")
    for column, allowed in (
        ("kind", KINDS),
        ("built", ("", "yes", "no", "unconfirmed")),
        ("confirmed", ("", "true", "false")),
    ):
        if cells[column] not in allowed:
            note(column, f"只能是 {'、'.join(filter(None, allowed))}。")
    if cells["phone"] and not _PHONE.fullmatch(cells["phone"]):
        note("phone", "电话里有认不出的字符。")


def _check_codes(cells: Cells, note: Complain) -> None:
    for column, digits in (("street_code9", 9), ("community_code12", 12)):
        if cells[column] and not re.fullmatch(rf"[0-9]{{{digits}}}", cells[column]):
            note(column, f"应为 {digits} 位数字（国家统计局区划代码）。")
    if cells["community_code12"] and not cells["community_code12"].startswith(cells["street_code9"]):
        note("community_code12", "社区代码应以街道代码开头。")


def _check_position(cells: Cells, note: Complain) -> tuple[float | None, float | None]:
    if not cells["lon"] and not cells["lat"]:
        return None, None
    place: list[float] = []
    for column, most in (("lon", 180.0), ("lat", 90.0)):
        try:
            value = float(cells[column])
        except ValueError:
            note(column, "经度和纬度都要写成度数，或都空着。")
            continue
        if not -most <= value <= most:
            swapped = column == "lat" and abs(value) <= 180
            note(column, "经度和纬度好像写反了。" if swapped else f"应在 -{most:.0f} 到 {most:.0f} 度之间。")
            continue
        place.append(round(value, 6))
    return (place[0], place[1]) if len(place) == 2 else (None, None)


def _check_facilities(cells: Cells, note: Complain) -> tuple[str, ...]:
    named = tuple(dict.fromkeys(name.strip() for name in cells["facilities"].split(";") if name.strip()))
    unknown = [name for name in named if name not in FACILITIES]
    if unknown:
        note("facilities", f"不认识这些设施：{'、'.join(unknown)}。可以用：{'、'.join(FACILITIES)}。")
    return named


def _whole(cells: Cells, column: str, most: int, note: Complain) -> int | None:
    text = cells[column]
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and int(text) <= most):
        note(column, f"应为 0 到 {most} 的整数。")
        return None
    return int(text)
