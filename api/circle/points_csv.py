"""Reads and writes service points as CSV. Every row is validated, and all errors are reported at once.

The columns are those of data/service_points.csv; UTF-8, or GB 18030 as spreadsheets in China save it. Further ones:
`exceptions` as `2026-12-31 off 盘点;2027-01-09 09:00-12:00`, `overrides` as `XC-1 accept+collect;XC-2 -` (- for none).
"""

import csv
import io
import re
from collections.abc import Callable, Iterable, Mapping
from datetime import date
from typing import Any, NamedTuple

from api.circle.point import FACILITIES, KINDS, PARTS, ServicePoint, point_of, row_of
from api.refusals import BadFields
from api.texts import listed, shortened

COLUMNS = (
    "id", "kind", "name", "street_code9", "street_name", "community_code12", "community_name", "address", "lon", "lat",
    "position_basis", "position_error_m", "area_m2", "built", "built_as_of", "phone", "hours", "hours_basis",
    "facilities", "source", "confirmed", "windows", "leader", "section", "exceptions", "overrides", "accepts_from",
)  # fmt: skip
REQUIRED = ("id", "kind", "name", "hours")
_FIELDS = {"street_code9": "street_code", "community_code12": "community_code"}
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,39}")
_FORMULA = re.compile(r"'*\s*[=+\-@\t\r＝＋－＠]")
_NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?")
_PHONE = re.compile(r"[0-9+()（） \-—转,，;；/]{3,60}")
_LONGEST = 1_000
_WORDS_OF_SPREADSHEETS = {"是": "true", "否": "false"}
_LONG_LISTS = {"exceptions": 20_000, "overrides": 20_000}

Cells = dict[str, str]
Complain = Callable[[str, str], None]
"""Report an error: (column, reason)."""


class Checks(NamedTuple):
    """Checks that need other rooms: `hours` raises ValueError for unreadable ones, `knows` tells if a matter exists."""

    hours: Callable[[str], object]
    knows: Callable[[str], bool]


def read_points(
    content: bytes, check_hours: Callable[[str], object], knows: Callable[[str], bool] = lambda code: True
) -> list[ServicePoint]:
    """The points of a CSV file; `check_hours` and `knows` as in Checks.

    Raises BadFields, its keys `line 12: lon`; then nothing of the file may be used.
    """
    faults: dict[str, list[str]] = {}
    text = _text(content)
    head = text.partition("\n")[0]
    delimiter = next((sign for sign in (",", "\t", ";") if sign in head), ",")
    reader = csv.DictReader(io.StringIO(text, newline=""), restkey="", restval="", strict=True, delimiter=delimiter)
    points: dict[str, ServicePoint] = {}
    try:
        _check_header(reader.fieldnames or [], faults)
        for row in reader if not faults else ():
            line = reader.line_num
            if not any("".join(cell).strip() for cell in row.values()):
                continue

            def complain(column: str, reason: str, line: int = line) -> None:
                faults.setdefault(f"line {line}: {column}", []).append(reason)

            cells = {name: _without_apostrophe(cell.strip()) if name else cell for name, cell in row.items()}
            point = _point(cells, Checks(check_hours, knows), complain)
            if point and points.setdefault(point.id, point) is not point:
                complain("id", f"编号 {point.id} 在前面已经出现过。")
    except csv.Error as error:
        faults[f"line {reader.line_num}"] = [f"不是合格的 CSV：{error}。"]
    if not points and not faults:
        faults["line 2"] = ["文件里没有服务点。"]
    if faults:
        raise BadFields(faults)
    return list(points.values())


def check_point(
    values: Mapping[str, Any], check_hours: Callable[[str], object], knows: Callable[[str], bool] = lambda code: True
) -> ServicePoint:
    """The point of a mapping (keys as in `row_of`), validated as a row of a file is. Raises BadFields."""
    faults: dict[str, list[str]] = {}

    def complain(column: str, reason: str) -> None:
        faults.setdefault(_FIELDS.get(column, column), []).append(reason)

    for name in ("exceptions", "overrides"):
        if any(set(";\n") & set(str(part)) for item in values.get(name) or () for part in item.values()):
            complain(name, "不能有分号或换行。")
    row = {column: _cell(values.get(_FIELDS.get(column, column))) for column in COLUMNS}
    point = None if faults else _point(row, Checks(check_hours, knows), complain)
    if point is None:
        raise BadFields(faults)
    return point


def write_points(points: Iterable[ServicePoint]) -> str:
    """The points as CSV text that `read_points` reads back the same."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    for point in points:
        row = row_of(point)
        writer.writerow(_as_text(_cell(row[_FIELDS.get(column, column)])) for column in COLUMNS)
    return out.getvalue()


def _as_text(cell: str) -> str:
    """A cell that no spreadsheet takes for a formula (OWASP, CSV injection): an apostrophe goes before one that is."""
    return f"'{cell}" if _FORMULA.match(cell) and not _NUMBER.fullmatch(cell) else cell


def _without_apostrophe(cell: str) -> str:
    """A cell as it was before `_as_text`."""
    return cell[1:] if cell.startswith("'") and _FORMULA.match(cell) else cell


def _cell(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list):
        return ";".join(map(_item, value))
    return "" if value is None else str(value)


def _item(value: Any) -> str:
    """An item of a list as text: a facility, a dated exception or an override."""
    if not isinstance(value, dict):
        return str(value)
    if "matter" in value:
        return f"{value['matter']} {'+'.join(value['can']) or '-'}"
    return f"{value['date']} {str(value['hours'] or 'off').replace(' ', '')} {value['reason']}".strip()


def _text(content: bytes) -> str:
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if encoding == "gb18030" and not _is_plausible_gb(content):
            raise BadFields({"line 1": ["文字不像 GB 18030，可能是 Big5 等别的编码。请另存为 CSV UTF-8 再导入。"]})
        if _is_misread(text):
            raise BadFields({"line 1": ["文字像是用错了编码读出来的乱码。请从原来的文件另存为 CSV UTF-8 再导入。"]})
        return text
    raise BadFields({"line 1": ["文字编码不是 UTF-8 或 GB 18030，请另存为 CSV UTF-8。"]})


def _is_plausible_gb(content: bytes) -> bool:
    """Whether most double-byte signs are of GB 2312's plane, as in any Chinese text; of Big5, some six in ten are."""
    pairs = re.findall(rb"[\x81-\xfe][\x40-\xfe]", re.sub(rb"[\x81-\xfe][0-9][\x81-\xfe][0-9]", b"", content))
    plain = sum(pair[0] >= 0xA1 and pair[1] >= 0xA1 for pair in pairs)
    return plain >= 0.85 * len(pairs)


def _is_misread(text: str) -> bool:
    """Whether the text holds signs that could not be read, or is UTF-8 that was once read as GB 18030 or Latin-1."""
    if "\ufffd" in text:
        return True
    foreign = "".join(sign for sign in text if ord(sign) > 127)
    for encoding in ("gb18030", "cp1252", "latin-1"):
        try:
            foreign.encode(encoding).decode("utf-8")
        except UnicodeError:
            continue
        return bool(foreign)
    return False


def _check_header(names: Iterable[str], faults: dict[str, list[str]]) -> None:
    given = list(names)
    wrong = [f"缺少这一列：{name}。" for name in REQUIRED if name not in given]
    wrong += [f"不认识这一列：{name}。" for name in given if name not in COLUMNS]
    wrong += [f"这一列出现了两次：{name}。" for name in dict.fromkeys(given) if given.count(name) > 1]
    if wrong:
        faults["line 1"] = wrong


def _point(row: Mapping[str, Any], checks: Checks, complain: Complain) -> ServicePoint | None:
    """The point of one row, or None after complaining."""
    wrong: list[str] = []

    def note(column: str, reason: str) -> None:
        wrong.append(column)
        complain(column, reason)

    if row.get(""):
        note("row", "这一行的格子比表头多。")
    cells: Cells = {name: str(row.get(name) or "").strip() for name in COLUMNS}
    for column in ("built", "confirmed"):
        cells[column] = _WORDS_OF_SPREADSHEETS.get(cells[column].lower(), cells[column].lower())
    for column, value in cells.items():
        if len(value) > _LONG_LISTS.get(column, _LONGEST) or any(ord(sign) < 32 for sign in value):
            note(column, f"不能有换行等控制字符，也不能超过 {_LONGEST} 字。")
    values: dict[str, Any] = {_FIELDS.get(name, name): value for name, value in cells.items()}
    _check_names(cells, note)
    _check_codes(cells, note)
    try:
        checks.hours(cells["hours"])
    except ValueError as error:
        note("hours", f"开放时间读不懂，例：Mo-Fr 09:00-12:00,13:00-17:00。（{error}）")
    values["lon"], values["lat"] = _check_position(cells, note)
    values["facilities"] = _check_facilities(cells, note)
    values["exceptions"] = _check_exceptions(cells, checks, note)
    values["overrides"] = _check_overrides(cells, checks, note)
    for column, most in (("position_error_m", 100_000), ("area_m2", 1_000_000), ("windows", 1_000)):
        values[column] = _whole(cells, column, most, note)
    values["confirmed"] = cells["confirmed"] == "true"
    values["built"] = cells["built"] or "yes"
    values["accepts_from"] = _day(cells, "accepts_from", note)
    return None if wrong else point_of(values)


def _day(cells: Cells, column: str, note: Complain) -> str:
    """A day as YYYY-MM-DD, also as spreadsheets write it (2025/11/24); empty for none."""
    text = cells[column]
    match = re.fullmatch(r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})", text)
    try:
        return (
            date(*map(int, match.groups())).isoformat()
            if match
            else date.fromisoformat(text).isoformat()
            if text
            else ""
        )
    except ValueError:
        note(column, "应为日期，例：2025-11-24。")
        return ""


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
    if cells["accepts_from"] and cells["kind"] != "hall":
        note("accepts_from", "只有大厅可以写从哪天起受理。")
    if cells["phone"] and not _PHONE.fullmatch(cells["phone"]):
        note("phone", "电话里有认不出的字符。")


def _check_codes(cells: Cells, note: Complain) -> None:
    for column, digits in (("street_code9", 9), ("community_code12", 12)):
        if cells[column] and not re.fullmatch(rf"[0-9]{{{digits}}}", cells[column]):
            note(column, f"应为 {digits} 位数字（国家统计局区划代码）。")
            if "E+" in cells[column].upper():
                note(column, "表格软件把它变成了科学计数法，请把这一列设为文本。")
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
        note("facilities", f"不认识这些设施：{listed(unknown)}。可以用：{'、'.join(FACILITIES)}。")
    return named


def _check_exceptions(cells: Cells, checks: Checks, note: Complain) -> list[dict[str, Any]]:
    by_day: dict[str, dict[str, Any]] = {}
    for item in filter(None, map(str.strip, cells["exceptions"].split(";"))):
        day, _, rest = item.partition(" ")
        hours, _, reason = rest.partition(" ")
        try:
            day = date.fromisoformat(day).isoformat()
            checks.hours(f"Mo {hours}")
        except ValueError:
            note("exceptions", f"看不懂：{shortened(item)}。例：2026-12-31 off 盘点，或 2027-01-09 09:00-12:00。")
            continue
        if by_day.setdefault(day, {"date": day, "hours": hours, "reason": reason})["hours"] != hours:
            note("exceptions", f"{day} 写了两次。")
    return [{**e, "hours": None if e["hours"] in ("off", "closed") else e["hours"]} for _, e in sorted(by_day.items())]


def _check_overrides(cells: Cells, checks: Checks, note: Complain) -> list[dict[str, Any]]:
    by_code: dict[str, list[str]] = {}
    for item in filter(None, map(str.strip, cells["overrides"].split(";"))):
        code, _, rest = item.partition(" ")
        can = [] if rest == "-" else rest.split("+")
        if not set(can) <= set(PARTS):
            note("overrides", f"看不懂：{shortened(item)}。例：XC-1 accept+collect，不办写 -。")
        elif code in by_code:
            note("overrides", f"事项 {shortened(code)} 写了两次。")
        elif not checks.knows(code):
            note("overrides", f"没有这个事项：{shortened(code)}。")
        by_code[code] = [part for part in PARTS if part in can]
    return [{"matter": code, "can": can} for code, can in sorted(by_code.items())]


def _whole(cells: Cells, column: str, most: int, note: Complain) -> int | None:
    text = cells[column]
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and int(text) <= most):
        note(column, f"应为 0 到 {most} 的整数。")
        return None
    return int(text)
