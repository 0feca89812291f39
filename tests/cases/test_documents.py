"""The documents of a case over HTTP: numbered, verified by their code, and the same for ever."""

import io
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from hashlib import sha256
from typing import Any
from urllib.parse import unquote

import pypdfium2
import pytest
import zxingcpp
from pymongo.collection import Collection

from api import pdf
from api.cases.documents.document import MARKS, OF_ACT, WITHOUT, code_as_read, new_code
from api.cases.documents.printing import PARTS
from api.cases.documents.store import DocumentStore
from api.cases.life.acts import EVENTS, RULES
from api.storage.database import Database
from api.web.limits import class_of
from tests.way import act, issued, new_version, submitted

NUMBER = re.compile(r"系统(.+)〔2026〕([A-Z]+)-(\d+)号")
ELDERS = "XC-公共服务-003"
CODE = re.compile(r"([0-9A-HJKMNP-TV-Z]{4}-){3}[0-9A-HJKMNP-TV-Z]{4}")


def documents(caller: Any, case: dict[str, Any]) -> list[dict[str, Any]]:
    return caller.get(f"/v1/cases/{case['number']}/documents")["items"]


def text_of(content: bytes) -> str:
    pages = pypdfium2.PdfDocument(content)
    return "".join("".join(page.get_textpage().get_text_bounded().split()) for page in pages)


def codes_of(content: bytes) -> set[str]:
    pages = pypdfium2.PdfDocument(io.BytesIO(content))
    pictures = [page.render(scale=2).to_pil() for page in pages]
    return {unquote(code.text) for picture in pictures for code in zxingcpp.read_barcodes(picture)}


def page_of(anyone: Any, code: str, expect: int = 200, **headers: str) -> str:
    answer = anyone.raw("GET", f"/verify/{code}", headers=headers)
    assert answer.status_code == expect
    return answer.get_data(as_text=True)


def wording(app: Any, caller: Any, case: dict[str, Any]) -> tuple[str, str]:
    """The title of the last document of a case, and what it says, without the press."""
    documents(caller, case)
    kept = app.extensions["circle"].cases.documents
    last = kept.of_case(kept.ground.store.by_number(case["number"]))[-1]
    return last.title.zh, str(kept.ground.keyring.open_json(last.id, "text", last.text))


@pytest.fixture
def usual_calendar(app: Any, clock: Any) -> Iterator[None]:
    """Take back what the test changes of the calendar."""
    yield
    app.extensions["circle"].database["calendar_exceptions"].delete_many({})
    app.extensions["circle"].database["calendar"].delete_many({})
    app.extensions["circle"].calendar.follow(clock())


@pytest.fixture
def quick(monkeypatch: Any) -> list[pdf.Paper]:
    """Papers are pressed at once, as bytes that differ each time; gives what was pressed."""
    pressed: list[pdf.Paper] = []

    def press(paper: pdf.Paper) -> bytes:
        pressed.append(paper)
        return b"%%PDF-%d %s" % (len(pressed), paper.title.encode())

    monkeypatch.setattr(pdf, "pressed", press)
    return pressed


def test_every_act_has_a_document_or_a_reason_why_not() -> None:
    acts = {"submit", *RULES, *EVENTS}
    assert acts - OF_ACT.keys() - WITHOUT.keys() == set(), "say in documents/document.py which document, or why none"
    assert OF_ACT.keys() & WITHOUT.keys() == set()
    assert all(reason.endswith(".") for reason in WITHOUT.values())
    assert {rule.kind for rule in OF_ACT.values()} == MARKS.keys()
    assert {part for rule in OF_ACT.values() for part in rule.parts} == PARTS.keys()


def test_a_code_has_eighty_bits_and_is_read_however_it_is_typed() -> None:
    codes = {new_code() for _ in range(1_000)}
    assert len(codes) == 1_000
    assert all(CODE.fullmatch(code) for code in codes)
    assert code_as_read("7k3q fz2m—9htc４xwb") == "7K3Q-FZ2M-9HTC-4XWB"
    assert code_as_read("OIL0-0000-0000-0000") == "0110-0000-0000-0000"
    assert code_as_read("7K3Q") == code_as_read("系统") == ""


def test_a_case_lists_its_documents_with_number_date_and_code(
    citizen: Any, other_citizen: Any, window: Any, handler: Any, staff: Any, drain: Any, quick: Any
) -> None:
    case = issued(citizen, window, handler, drain)
    rows = documents(citizen, case)
    assert [row["kind"] for row in rows] == ["receipt", "acceptance", "decision", "result"]
    assert [row["title"] for row in rows] == ["收件回执", "受理通知书", "准予行政许可决定书", "办理结果通知书"]
    assert [row["hand_over_by"] for row in rows] == [None, None, "2026-12-08", "2026-12-08"]
    assert {row["date"] for row in rows} == {"2026-11-24"}
    assert [NUMBER.fullmatch(row["number"])[1] for row in rows] == ["收件", "受理", "决定", "结果"]
    assert all(CODE.fullmatch(row["code"]) for row in rows)
    assert {row["sha256"] for row in rows} == {None}
    content = citizen.get(rows[0]["href"]).data
    assert documents(window, case)[0]["sha256"] == sha256(content).hexdigest()
    supervisor = staff("supervisor")
    assert documents(supervisor, case) == [{**row, "href": None} for row in documents(citizen, case)]
    supervisor.get(rows[0]["href"], expect=403)
    lines = {reader: reader.get(f"/v1/cases/{case['number']}/timeline")["items"] for reader in (supervisor, window)}
    assert [any(line["paper"] for line in lines[reader]) for reader in (supervisor, window)] == [False, True]
    looks = supervisor.get(f"/v1/audit?subject={case['number']}")["items"]
    assert "read_documents" in [look["act"] for look in looks]
    other_citizen.get(f"/v1/cases/{case['number']}/documents", expect=404)


def test_numbers_count_on_in_each_series_and_never_come_twice(
    citizen: Any, window: Any, drain: Any, database: Any
) -> None:
    cases = [submitted(citizen, drain) for _ in range(3)]
    act(window, cases[1], "decline", reason="不属于本机关职权范围。")
    numbers = [row["number"] for case in cases for row in documents(citizen, case)]
    counted = [(match[1], int(match[3])) for match in map(NUMBER.fullmatch, numbers)]
    assert counted == [("收件", 1), ("收件", 2), ("不予受理", 1), ("收件", 3)]
    database["case_documents"].delete_many({})  # as if lost: what was counted is not counted again
    again = [row["number"] for case in cases for row in documents(citizen, case)]
    assert set(numbers) & set(again) == set()


def test_a_process_that_dies_between_number_and_row_leaves_a_gap(
    citizen: Any, drain: Any, database: Any, monkeypatch: Any
) -> None:
    case = submitted(citizen, drain)
    (before,) = documents(citizen, case)
    database["case_documents"].delete_many({})
    with monkeypatch.context() as patch:
        patch.setattr(DocumentStore, "keep", lambda *_: 1 / 0)
        citizen.get(f"/v1/cases/{case['number']}/documents", expect=500)
    (after,) = documents(citizen, case)
    assert [NUMBER.fullmatch(row["number"])[3] for row in (before, after)] == ["1", "3"]


def test_two_who_ask_first_at_once_get_the_same_number_code_and_bytes(
    app: Any, citizen: Any, drain: Any, database: Any, store_uri: str, quick: Any
) -> None:
    case = submitted(citizen, drain)
    database["case_documents"].delete_many({})  # a case of an earlier release
    cases = app.extensions["circle"].cases
    record, other = cases.documents.ground.store.by_number(case["number"]), Database(store_uri, database.handle.name)
    processes = cases.documents, replace(cases.documents, store=DocumentStore(other))
    with ThreadPoolExecutor(8) as pool:
        numbered = list(pool.map(lambda turn: processes[turn % 2].of_case(record), range(8)))
    other.client.close()
    assert [rows for rows in numbered if rows != numbered[0]] == []
    with ThreadPoolExecutor(8) as pool:
        lists = list(pool.map(lambda _: documents(citizen, case), range(8)))
        assert lists[0][0]["number"] == numbered[0][0].number
        contents = set(pool.map(lambda _: citizen.get(lists[0][0]["href"]).data, range(8)))
    assert [rows for rows in lists if rows != lists[0]] == []
    assert len(contents) == 1


def test_what_it_says_is_of_its_act_whatever_changes_before_it_is_asked_for(
    citizen: Any, window: Any, staff: Any, drain: Any, quick: Any, starter_again: Any, usual_calendar: Any
) -> None:
    def limit(case: dict[str, Any]) -> str:
        citizen.get(documents(citizen, case)[-1]["href"])
        return dict(quick[-1].blocks[0].rows)["承诺期限"]

    case, other = (act(window, submitted(citizen, drain), "accept") for _ in range(2))
    drain()
    before = limit(other)
    admin, notice = staff("admin"), {"kind": "rest", "notice": "国办发明电〔2026〕9号"}
    admin.patch("/v1/calendar", [{"date": "2026-12-01", **notice}], 0)
    new_version(admin, name="改了名字的事项")
    assert limit(case) == before
    assert "改了名字" not in str(quick[-1])
    later = act(window, submitted(citizen, drain), "accept")
    assert limit(later) != before


def test_a_printed_document_bears_number_code_and_that_it_is_a_copy(
    citizen: Any, window: Any, handler: Any, drain: Any, settings: Any
) -> None:
    case = issued(citizen, window, handler, drain)
    receipt, _, decision, _ = documents(citizen, case)
    content = citizen.get(decision["href"]).data
    text = text_of(content)
    for words in (decision["number"], decision["code"], "副本，未加盖电子印章", "copy,notsealed", "准予行政许可决定书"):
        assert words in text
    assert "最迟2026年12月8日送达" in text
    assert citizen.get(f"/v1/cases/{case['number']}")["receipt_code"] not in text
    assert codes_of(content) == {f"{settings.public_base}/verify/{decision['code']}"}
    assert f"{settings.public_base}/verify/{receipt['code']}" in codes_of(citizen.get(receipt["href"]).data)


def test_a_refusal_says_why_on_what_ground_and_what_can_be_done(
    citizen: Any, window: Any, handler: Any, drain: Any, quick: Any
) -> None:
    case = act(window, submitted(citizen, drain), "accept")
    case = act(handler, case, "decide", kind="refuse", text="场所不符合要求。", ground="食品安全法 第35条")
    row = documents(citizen, case)[-1]
    assert (row["title"], row["hand_over_by"]) == ("不予行政许可决定书", None)
    citizen.get(row["href"])
    text = str(quick[-1])
    for words in ("场所不符合要求。", "食品安全法 第35条", "不予许可", "行政复议"):
        assert words in text


def test_a_special_procedure_and_an_extension_are_told_in_writing(
    citizen: Any, window: Any, handler: Any, staff: Any, drain: Any, quick: Any
) -> None:
    case = act(window, submitted(citizen, drain), "accept")
    case = act(handler, case, "start_procedure", procedure="听证", days=15, text="请于 12 月 3 日到场。")
    case = act(handler, case, "start_procedure", procedure="公示", days=7, text="在网站上公示。")
    case = act(handler, case, "request_extension", days=5, reason="现场情况复杂")
    act(staff("head"), case, "approve_extension", reason="需要补充核实现场情况")
    _, _, procedure, running, extension = documents(citizen, case)
    citizen.get(running["href"])
    assert "办理期限照常计算" in str(quick[-1])
    assert "不计入办理期限" not in str(quick[-1])
    assert [row["title"] for row in (procedure, extension)] == ["特别程序告知书", "延长办理期限告知书"]
    citizen.get(procedure["href"])
    for words in (
        "听证，预计 15 个工作日",
        "不计入办理期限（行政许可法第45条）",
        "请于 12 月 3 日到场。",
        "听证开始，暂停计时（",
    ):
        assert words in str(quick[-1])
    citizen.get(extension["href"])
    for words in ("办理期限延长 5 个工作日", "需要补充核实现场情况"):
        assert words in str(quick[-1])
    assert "现场情况复杂" not in str(quick[-1]).replace("需要补充核实现场情况", "")


def test_a_correction_and_a_new_result_name_the_old_document_which_stays_and_says_so(
    citizen: Any, window: Any, handler: Any, anyone: Any, drain: Any, quick: Any
) -> None:
    case = issued(citizen, window, handler, drain)
    _, _, decision, result = documents(citizen, case)
    content = citizen.get(decision["href"]).data
    case = act(handler, case, "correct", about=3, was="10 平方米", right="100 平方米", reason="漏写一个零")
    case = act(window, case, "reissue", serial="JY0002", reason="印错了名称")
    *_, old, replaced, correction, anew = documents(citizen, case)
    assert [row["title"] for row in (correction, anew)] == ["更正通知书", "重新制作结果通知书"]
    assert (old["number"], old["code"], old["state"]) == (decision["number"], decision["code"], "corrected")
    assert (old["state_label"], replaced["state"]) == (f"已被更正，见 {correction['number']}", "corrected")
    assert citizen.get(old["href"]).data == content
    for row, later, words in ((decision, correction, "100 平方米"), (result, anew, "JY0002")):
        assert later["number"] in page_of(anyone, row["code"])
        assert "有效" in page_of(anyone, later["code"])
        citizen.get(later["href"])
        assert row["number"] in str(quick[-1])
        assert words in str(quick[-1])


def test_an_end_without_a_decision_says_why_and_what_can_be_done(
    citizen: Any, window: Any, handler: Any, anyone: Any, drain: Any, quick: Any
) -> None:
    case = act(window, submitted(citizen, drain), "accept")
    act(handler, case, "terminate", cause="object_gone", text="铺面已经拆除。")
    receipt, acceptance, termination = documents(citizen, case)
    assert [row["state"] for row in (receipt, acceptance, termination)] == ["terminated", "terminated", "valid"]
    assert termination["title"] == "终止办理通知书"
    citizen.get(termination["href"])
    for words in ("申请的对象灭失", "铺面已经拆除。", "行政复议"):
        assert words in str(quick[-1])
    assert "terminated on 2026-11-24" in page_of(anyone, f"{acceptance['code']}?lang=en")


def test_what_is_no_permit_is_never_spoken_of_as_one(
    citizen: Any, window: Any, handler: Any, drain: Any, quick: Any
) -> None:
    case = act(window, submitted(citizen, drain, matter=ELDERS), "accept")
    case = act(window, case, "transfer", department="SPJ", reason="由审批局办理")
    case = act(handler, case, "decide", kind="grant", text="符合条件。")
    case = act(window, case, "issue", serial="YD0001")
    rows = documents(citizen, case)
    assert [row["title"] for row in rows[1:]] == ["受理通知书", "予以办理决定书", "办理结果通知书"]
    assert {row["hand_over_by"] for row in rows} == {None}
    for row in rows:
        citizen.get(row["href"])
        assert not [word for word in ("许可", "证照") if word in str(quick[-1])]


def test_the_page_says_what_is_genuine_and_nothing_about_whose_it_is(
    citizen: Any, anyone: Any, drain: Any, quick: Any
) -> None:
    case = submitted(citizen, drain)
    (row,) = documents(citizen, case)
    assert "还没有电子文件" in page_of(anyone, row["code"])
    digest = sha256(citizen.get(row["href"]).data).hexdigest()
    typed = row["code"].lower().replace("-", "%20")
    for page in (page_of(anyone, row["code"]), page_of(anyone, typed)):
        for words in (row["number"], row["title"], row["date"], row["code"], case["matter"]["name"], "有效"):
            assert words in page
        assert digest in re.sub(r"\s", "", page)
        for word in ("王小明", case["number"], case["receipt_code"], "610102"):
            assert word not in page
    english = page_of(anyone, f"{row['code']}?lang=en")
    assert "A genuine document" in english
    assert "Receipt" in english


def test_a_wrong_code_is_told_so_by_the_same_page_and_reads_as_much(
    citizen: Any, anyone: Any, drain: Any, database: Any
) -> None:
    (row,) = documents(citizen, submitted(citizen, drain))
    for code in (new_code(), "0000", "x" * 300, row["code"][:-1], "%E6%96%87%E4%B9%A6"):
        page = page_of(anyone, code, expect=404)
        assert "没有这份文书" in page
        assert "<script" not in page
    assert "No such document" in page_of(anyone, f"{new_code()}?lang=en", expect=404)
    assert "&lt;b&gt;" in page_of(anyone, "<b>", expect=404)
    for code, status in ((row["code"].lower(), 200), ("", 404), (new_code(), 404)):
        assert anyone.raw("POST", "/verify", data={"code": code}).status_code == status
    assert 'action="/verify' in anyone.raw("GET", "/plain").get_data(as_text=True)


@pytest.mark.parametrize("key", ["endpoint", "_scheme", "_external", "_method", "_anchor", "code"])
def test_a_query_that_the_page_does_not_know_is_left_out(anyone: Any, key: str) -> None:
    page = page_of(anyone, f"{new_code()}?{key}=elsewhere", expect=404)
    assert "elsewhere" not in page
    found = anyone.raw("GET", f"/plain/search?q=food&{key}=elsewhere")
    assert (found.status_code, "q=food" in found.get_data(as_text=True)) == (200, True)


def test_what_cannot_be_numbered_now_holds_up_no_notice(citizen: Any, drain: Any, app: Any, monkeypatch: Any) -> None:
    def fail(documents: Any, case_id: str) -> None:
        raise RuntimeError(case_id)

    monkeypatch.setattr(type(app.extensions["circle"].cases.documents), "number", fail)
    submitted(citizen, drain)
    assert "申请已提交" in [notice["title"] for notice in citizen.get("/v1/notices")["items"]]


def test_a_wrong_code_costs_as_many_readings_as_a_right_one(
    citizen: Any, anyone: Any, drain: Any, monkeypatch: Any
) -> None:
    (row,) = documents(citizen, submitted(citizen, drain))
    asked, find = list[str](), Collection.find

    def counted(collection: Any, *args: Any, **how: Any) -> Any:
        asked.append(collection.name)
        return find(collection, *args, **how)

    monkeypatch.setattr(Collection, "find", counted)
    readings = []
    for code, status in ((row["code"], 200), (new_code(), 404)):
        asked.clear()
        page_of(anyone, code, expect=status)
        readings.append(sorted(asked))
    assert readings[0] == readings[1]
    assert len(readings[0]) == 5


def test_a_withdrawn_application_shows_on_the_pages_of_its_documents(
    citizen: Any, window: Any, anyone: Any, drain: Any
) -> None:
    case = act(window, submitted(citizen, drain), "accept")
    version = {"If-Match": f'"{case["version"]}"'}
    citizen.post(f"/v1/cases/{case['number']}/withdrawal", {"reason": "不办了"}, expect=200, headers=version)
    rows = documents(citizen, case)
    assert {(row["state"], row["state_label"]) for row in rows} == {("withdrawn", "申请已于 2026-11-24 撤回")}
    assert "withdrawn on 2026-11-24" in page_of(anyone, f"{rows[1]['code']}?lang=en")


def test_what_an_earlier_release_gave_out_keeps_its_bytes_and_gets_number_code_and_hash(
    citizen: Any, anyone: Any, drain: Any, database: Any, quick: Any
) -> None:
    case = submitted(citizen, drain)
    path = f"/v1/cases/{case['number']}/receipt.pdf"
    content = citizen.get(path).data
    database["case_papers"].update_many({}, {"$unset": {"sha256": ""}})
    database["case_documents"].delete_many({})
    (row,) = documents(citizen, case)
    assert row["sha256"] == sha256(content).hexdigest()
    assert citizen.get(path).data == content
    assert row["sha256"] in re.sub(r"\s", "", page_of(anyone, row["code"]))


def test_verifying_is_limited_apart_from_look_ups() -> None:
    ways = (("GET", "/verify/<code>"), ("HEAD", "/verify/<code>"), ("POST", "/verify"))
    assert {class_of(*way) for way in ways} == {"verify"}


def test_the_export_has_the_documents_and_staff_who_look_are_recorded(citizen: Any, window: Any, drain: Any) -> None:
    case = submitted(citizen, drain)
    rows = documents(window, case)
    copy = citizen.get("/v1/me/export")
    assert copy["data"]["cases"][0]["documents"] == rows
