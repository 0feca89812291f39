"""Which numbers in a text are masked, and which are not: tables written by hand."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat.talk import masking

ID = "11010519491231002X"
ID_HIDDEN = "110***********002X"

MASKED = [
    # what follows, and what stands before
    ("电话13800138000 2个人都要办", "电话138****8000 2个人都要办"),
    ("13800138000 13900139000", "138****8000 139****9000"),
    ("2人 13800138000", "2人 138****8000"),
    ("2 13800138000", "2 138****8000"),
    ("13800138000-2", "138****8000-2"),
    ("13800138000 2026-11-24来", "138****8000 2026-11-24来"),
    ("3 13800138000 5", "3 138****8000 5"),
    ("13800138000、13900139000", "138****8000、139****9000"),
    ("13800138000/13900139000", "138****8000/139****9000"),
    ("我13800138000他13900139000", "我138****8000他139****9000"),
    ("1380013800013900139000", "138****8000139****9000"),
    (f"{ID} 13800138000", f"{ID_HIDDEN} 138****8000"),
    (f"身份证{ID}1份", f"身份证{ID_HIDDEN}1份"),
    (f"{ID} 2 张", f"{ID_HIDDEN} 2 张"),
    (f"3 {ID}", f"3 {ID_HIDDEN}"),
    ("6222021234567890128 1张", "622************0128 1张"),
    ("138-0013-8000 或 +86 13912345678", "138-****-8000 或 +86 1******5678"),
    ("卡号4111 1111 1111 1111", "卡号411* **** **** 1111"),
    # prefixes
    ("+8613800138000", "+861******8000"),
    ("+86 13912345678", "+86 1******5678"),
    ("008613800138000", "008********8000"),
    ("0086 138 0013 8000", "008* *** **** 8000"),
    ("86-138-0013-8000", "86-1**-****-8000"),
    ("wx13800138000", "wx138****8000"),
    ("微信号vx13800138000", "微信号vx138****8000"),
    ("加V13800138000聊", "加V138****8000聊"),
    ("tel:13800138000", "tel:138****8000"),
    ("Tel13800138000", "Tel138****8000"),
    ("sfz11010519491231002X", "sfz110***********002X"),
    # groups and separators
    ("138 0013 8000 2个人", "138 **** 8000 2个人"),
    ("138.0013.8000", "138.****.8000"),
    ("138·0013·8000", "138·****·8000"),
    ("138—0013—8000", "138—****—8000"),
    ("138 - 0013 - 8000", "138 - **** - 8000"),
    ("138　0013　8000", "138　****　8000"),
    ("(138)00138000", "(138)****8000"),
    ("138_0013_8000", "138_****_8000"),
    ("1380013 8000", "138**** 8000"),
    ("1 3 8 0 0 1 3 8 0 0 0", "1 3 8 * * * * 8 0 0 0"),
    ("13 80 01 38 00 0", "13 8* ** *8 00 0"),
    ("1-380-013-8000", "1-38*-***-8000"),
    ("138\u200b0013\u200b8000", "138\u200b****\u200b8000"),
    ("110105 1949 1231 002 X", "110*** **** **** 002 X"),
    ("110105.19491231.002x", "110***.********.002x"),
    ("6222 0212 3456 7890 128", "622* **** **** ***0 128"),
    # digits of other kinds
    ("１３８００１３８０００　２个人", "１３８****８０００　２个人"),
    ("１１０１０５１９４９１２３１００２Ｘ", "１１０***********００２Ｘ"),
    ("١٣٨٠٠١٣٨٠٠٠", "١٣٨****٨٠٠٠"),
    ("①③⑧⓪⓪①③⑧⓪⓪⓪", "①③⑧****⑧⓪⓪⓪"),
    ("13800138000wang", "138****8000wang"),
]

STAYS = [
    # case numbers and waybills
    "办件编号 XC20261124000123",
    "XC261124-G0W8Q",
    "XC261124-13800",
    "SF1380013800012",
    "顺丰 SF13800138000",
    "快递 1234567890123",
    "YT13800138000123 2件",
    "JD13800138000",
    "780138001380001",
    "统一社会信用代码 91610102MA6U0ABC1D",
    # dates and times
    "2026-11-24 10:00",
    "13 2026-11-24 9:00来",
    "2026.11.24-2026.11.30",
    "20261124 101500",
    "2026 11 24 10 15 30",
    "18:00-20:30，13-15日",
    # amounts
    "15000000000元",
    "¥13800138000",
    "15 000 000 000",
    "138001380.00",
    "1380 013 80.00",
    "13,800,138,000",
    # other numbers
    "029-87654321",
    "400-820-8820",
    "12345",
    "12345678901",
    "138.197.200.10",
    "139.691706 35.689487",
    "108.939842, 34.341270",
    "1 3 5 7 9 11 13 15 17",
    "138 180 200 10",
    "138001380001",
    "110105194912310021",  # a wrong check digit
    "11010519491331002X",  # no such month
    "4111111111111112",
    "要复印 2 份，共 13 页",
    "DN13800138000A",
    "138****8000",
    "4200001234202611241234567890",
    "138001380001234567890123456",
]


@pytest.mark.parametrize(("text", "masked"), MASKED)
def test_a_personal_number_is_masked_whatever_stands_around_it(text, masked):
    assert masking.mask(text) == masked


@pytest.mark.parametrize("text", STAYS)
def test_other_numbers_stay(text):
    assert masking.mask(text) == text


@pytest.mark.parametrize("text", [text for text, _ in MASKED])
def test_masked_once_nothing_is_left_to_mask(text):
    once = masking.mask(text)
    assert masking.mask(once) == once


ALPHABET = "0123456789Xx -+.·_()　８６１３abvwx身元¥"


@given(st.text(alphabet=ALPHABET, max_size=80))
def test_masking_keeps_the_length_and_changes_digits_alone(text):
    once = masking.mask(text)
    assert len(once) == len(text)
    assert all(a == b or (b == "*" and (a.isdigit() or a in "Xx")) for a, b in zip(text, once, strict=True))


@given(st.text(alphabet="张三，。a 2-", max_size=12), st.text(alphabet="，。三 ", max_size=12))
def test_a_phone_among_words_is_always_masked(before, after):
    text = f"{before.rstrip('a2- ')}13800138000{after}"
    assert "13800138000" not in masking.mask(text)


def test_no_text_costs_more_than_a_few_tests_for_each_of_its_digits(monkeypatch):
    calls = []

    def counted(test):
        return lambda digits: calls.append(digits) or test(digits)

    tests = {test: counted(test) for test in masking.PERSONAL}
    monkeypatch.setattr(masking, "BY_SIZE", {n: tuple(map(tests.get, kinds)) for n, kinds in masking.BY_SIZE.items()})
    dice = random.Random(1)
    drawn = "".join(dice.choice("0123456789 -.") for _ in range(2000))
    for text in ("1 " * 1000, "13 80 " * 333, "1" * 2000, "86 " * 666, drawn):
        calls.clear()
        masking.mask(text, tuple(tests.values()))
        assert len(calls) <= 8 * sum(map(str.isdigit, text))
