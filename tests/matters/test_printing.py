"""The guide and the receipt on paper: read back as a reader's program reads them, the QR code as a phone does."""

import io
import json
import sys
from typing import Any
from urllib.parse import unquote

import pypdfium2
import pytest
import zxingcpp
from pypdf import PdfReader

from api import pdf
from api.matters.guide.printing import ENGLISH
from api.pdf import LARGE, Paper, PaperBlock, pressed
from tests.matters.starter import data
from tests.way import FOOD, act, submitted

PATH = f"/v1/matters/{FOOD}/guide.pdf"


def text_of(content: bytes) -> str:
    pages = pypdfium2.PdfDocument(content)
    return "\n".join(page.get_textpage().get_text_bounded() for page in pages).replace("\r\n", "\n")


def codes_of(content: bytes) -> list[str]:
    picture = pypdfium2.PdfDocument(content)[0].render(scale=2).to_pil()
    return [unquote(code.text) for code in zxingcpp.read_barcodes(picture)]


def code_of(content: bytes) -> str:
    (code,) = codes_of(content)
    return code


def fonts_of(content: bytes) -> list[Any]:
    pages = PdfReader(io.BytesIO(content)).pages
    every = {font.idnum: font.get_object() for page in pages for font in page["/Resources"]["/Font"].values()}
    return [font["/DescendantFonts"][0].get_object() for font in every.values()]


def test_a_printed_guide_says_what_the_guide_says(anyone: Any) -> None:
    guide, answer = anyone.get(f"/v1/matters/{FOOD}/guide"), anyone.get(PATH)
    assert answer.content_type == "application/pdf"
    text = text_of(answer.data).replace("\n", "")
    materials = [one for name in ("to_bring", "to_fill_in", "held_by_state") for one in guide[name]]
    told = [guide["name"], *(one["name"] for one in materials), *guide["conditions"], *guide["legal_basis"]]
    told += [step["role"] for step in guide["steps"]] + [one["q"] for one in guide["faq"]]
    assert [words for words in told if words not in text] == []
    for limit in ("promised", "statutory"):
        assert guide["limit_words"][limit] in text
    assert f"有 {len(guide['unverified'])} 项内容还没有逐条核对" in text


def test_in_english_it_has_english_headings_and_the_offices_own_words(anyone: Any) -> None:
    text = " ".join(text_of(anyone.get(f"{PATH}?lang=en&answers=by:agent").data).split())
    for words in (
        "Food business licence (catering)",
        "What to bring",
        "10 working days (by 8 Dec)",
        "Scan for the same version",
        "Business licence (营业执照)",
        "Visit to the place",
        "two or more visiting officers",
        "exists only in Chinese",
    ):
        assert words in text
    assert "食品经营许可申请书" in text
    assert not {"要准备的", "您的情况", "承诺时限"} & {word for word in ENGLISH if word in text}


def test_whatever_the_catalogue_names_has_an_english_name_too() -> None:
    records, terms = data("matters.json"), data("terms.json")
    named = {
        *(one[key] for record in records for one in record["materials"] for key in ("name", "kind")),
        *(one[key] for record in records for one in record["steps"] for key in ("name", "role")),
        *(name for record in records for name in (record["department"], record["kind"], record["result"]["name"])),
        *(theme for record in records for theme in record["theme"]),
    }
    for rules in (
        data("situations.json"),
        *(row for rows in data("situations_of_matters.json").values() for row in rows),
    ):
        for rule in rules["rules"]:
            named |= {one["name"] for key in ("bring", "fill_in", "held") for one in rule.get(key, ())}
            named |= {edit["name"] for edit in rule.get("edit", {}).values() if "name" in edit}
    assert named - terms.keys() == set()


def test_what_one_brings_later_is_on_the_paper_too(anyone: Any) -> None:
    told = text_of(anyone.get(f"{PATH}?answers=way:window,complete:later").data).replace("\n", "")
    assert "可以过几天再补的" in told
    assert all(one["name"] in told for one in anyone.get(f"/v1/matters/{FOOD}/guide")["may_follow"])


def test_its_code_opens_the_same_version_with_the_same_answers(anyone: Any, settings: Any) -> None:
    question = anyone.get(f"/v1/matters/{FOOD}/guide")["questions"][0]
    told = f"{question['key']}:{question['options'][0]['value']}"
    answer = anyone.get(f"{PATH}?answers={told}")
    address = code_of(answer.data)
    assert address == f"{settings.public_base}/#/matters/{FOOD}?version=1&answers={told}"
    assert question["options"][0]["text"] in text_of(answer.data).replace("\n", "")
    anyone.get(f"/v1/matters/{FOOD}/guide?{address.partition('?')[2]}")


def test_the_font_is_embedded_and_holds_only_what_is_used(anyone: Any) -> None:
    content = anyone.get(PATH).data
    assert len(content) < 200_000
    for font in fonts_of(content):
        assert {"/FontFile2", "/FontFile3"} & set(font["/FontDescriptor"])
        assert "+NotoSansSC" in font["/BaseFont"]


def test_large_print_has_letters_of_eighteen_points_and_more_pages(anyone: Any) -> None:
    def letters(content: bytes) -> set[int]:
        sizes: set[int] = set()
        for page in PdfReader(io.BytesIO(content)).pages:
            page.extract_text(visitor_text=lambda text, cm, tm, font, size: sizes.add(round(size)))
        return sizes

    normal, large = anyone.get(PATH).data, anyone.get(f"{PATH}?size=large").data
    assert LARGE in letters(large)
    assert LARGE not in letters(normal) or len(PdfReader(io.BytesIO(large)).pages) > 1
    assert len(PdfReader(io.BytesIO(large)).pages) > len(PdfReader(io.BytesIO(normal)).pages)
    assert code_of(large) == code_of(normal)


def test_a_character_that_the_font_lacks_is_named_and_not_lost() -> None:
    content = pressed(Paper("回执", (), (PaperBlock("facts", (("申请人", "王𠮷龘䶮"),)),), "x"))
    assert "王〔U+20BB7〕龘䶮" in text_of(content)


@pytest.mark.parametrize("query", ["?version=9", "?answers=nothing:at_all", "?size=huge"])
def test_a_guide_that_is_not_there_is_refused_as_any(anyone: Any, query: str) -> None:
    answer = anyone.raw("GET", PATH + query)
    assert answer.status_code in (404, 422)
    assert answer.content_type == "application/problem+json"


def test_a_receipt_says_what_was_done_and_its_code_leads_to_the_look_up(
    citizen: Any, other_citizen: Any, window: Any, drain: Any, settings: Any
) -> None:
    case = submitted(citizen, drain)
    path = f"/v1/cases/{case['number']}/receipt.pdf"
    text = text_of(citizen.get(path).data)
    assert "收件回执" in text
    assert case["receipt_code"] in text
    act(window, case, "accept")
    content = citizen.get(path).data
    text = text_of(content)
    assert "受理通知书" in text
    assert "最迟 2026 年 12 月 8 日" in text.replace("\n", "")
    assert f"{settings.public_base}/#/lookup?number={case['number']}" in codes_of(content)
    office = text_of(window.get(path).data)
    assert "王小明" in office
    assert case["receipt_code"] in office  # the window prints it for whoever has no phone
    other_citizen.get(path, expect=404)


def test_what_was_given_out_never_changes(
    citizen: Any, window: Any, drain: Any, clock: Any, monkeypatch: Any, database: Any
) -> None:
    pressed_now, real = [], pdf.pressed
    monkeypatch.setattr(
        pdf, "pressed", lambda paper: pressed_now.append(paper) or real(paper) + b"%d" % len(pressed_now)
    )
    case = submitted(citizen, drain)
    path = f"/v1/cases/{case['number']}/receipt.pdf"
    first = citizen.get(path).data
    assert window.get(path).data == first
    case = act(window, case, "request_supplement", items=[{"key": "m1", "why": "没有签名"}], text="请补签。")
    notice = window.get(path).data
    text = text_of(notice)
    assert "一次性补正告知书" in text
    assert "没有签名" in text
    clock.move(minutes=9)
    database["case_actions"].update_many({}, {"$set": {"at": clock.at}})  # what would be printed now is another paper
    assert citizen.get(path).data == notice
    for caller in (citizen, window):
        assert caller.get(f"{path}?seq=1").data == first
        assert caller.get(f"{path}?seq=2").data == notice
    assert len(pressed_now) == 2
    for seq in ("3", "99"):
        citizen.get(f"{path}?seq={seq}", expect=404)
    papers = [line["paper"] for line in citizen.get(f"/v1/cases/{case['number']}/timeline")["items"]]
    assert papers == [True, True]
    [row, _] = database["case_papers"].find()
    assert b"%PDF" not in row["content"]


def test_who_is_not_accepted_is_told_why_and_what_to_do(citizen: Any, window: Any, drain: Any) -> None:
    case = submitted(citizen, drain)
    act(window, case, "decline", reason="不属于本机关职权范围。")
    text = text_of(citizen.get(f"/v1/cases/{case['number']}/receipt.pdf").data).replace("\n", "")
    assert "不予受理通知书" in text
    assert "不属于本机关职权范围" in text
    assert "行政复议" in text


def test_the_paper_of_an_acceptance_by_silence_names_the_day_of_arrival(
    citizen: Any, log_in: Any, drain: Any, clock: Any
) -> None:
    case = submitted(citizen, drain)
    clock.move(days=8)
    drain()
    content = log_in("13800138000").get(f"/v1/cases/{case['number']}/receipt.pdf").data
    text = "".join(text_of(content).split())
    assert "自2026年11月24日起（期限内未告知，行政许可法第32条）" in text
    assert "受理时间" not in text
    assert "出具时间2026-12-02" in text


def test_paper_is_described_as_a_pdf(anyone: Any) -> None:
    paths = anyone.get("/openapi.json")["paths"]
    for path in ("/v1/matters/{code}/guide.pdf", "/v1/cases/{number}/receipt.pdf"):
        content = paths[path]["get"]["responses"]["200"]["content"]
        assert json.dumps(content) == '{"application/pdf": {"schema": {"type": "string", "format": "binary"}}}'


def test_the_press_is_no_burden_on_the_process_that_serves(anyone: Any) -> None:
    anyone.get(PATH)
    assert "fpdf" not in sys.modules


def test_no_latin_word_is_cut_in_two_and_pages_are_numbered_in_its_language() -> None:
    words = "Permit (公共场所卫生许可证), which is valid for four years and checked every two by the officers"
    rows = tuple((f"Name {n}", words[n:]) for n in range(8))
    told = text_of(pressed(Paper("Guide", (), (PaperBlock("facts", rows),), "foot", language="en"))).splitlines()
    assert "Page 1" in {line[-6:] for line in told if line.startswith("foot")}
    ends = {line.split()[-1] for line in told if line and not line.startswith("foot")}
    assert ends <= {*words.split(), "Guide", *map(str, range(8))}
