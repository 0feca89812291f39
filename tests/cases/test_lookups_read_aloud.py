"""A case number and a receipt code as people read them aloud and type them."""

import pytest

from api.cases.number import number_as_read, receipt_as_read
from tests.way import submitted

NUMBER, CODE = "XC261124-7K3Q0", "QF1FH4A0"


@pytest.mark.parametrize(
    "typed",
    [
        "XC261124-7K3Q0",
        "xc261124-7k3q0",
        "XC2611247K3Q0",
        "XC261124－7K3Q0",
        "XC261124—7K3Q0",
        "XC261124–7K3QO",
        "XC 261124 7K3Q O",
        "ＸＣ２６１１２４－７Ｋ３Ｑ０",
        " XC26II24-7K3Q0 ",
        "XC2611 24‑7K3Qo",
        "XC-261124-7K3Q0",
        "XC261124_7K3Q0\u200b",
    ],
)
def test_a_number_is_read_in_any_way_of_writing_it(typed: str) -> None:
    assert number_as_read(typed) == NUMBER


@pytest.mark.parametrize("typed", ["QF1FH4A0", "qf1f h4a0", "QFIF-H4AO", "ｑｆｌｆｈ４ａｏ", "QF1F·H4A0"])
def test_a_code_is_read_in_any_way_of_writing_it(typed: str) -> None:
    assert receipt_as_read(typed) == CODE


@pytest.mark.parametrize("typed", ["", "XC", "7K3Q0", "——", "新城"])
def test_what_is_no_number_stays_none(typed: str) -> None:
    assert number_as_read(typed) == typed.strip().upper()


def test_a_case_is_found_by_what_was_read_aloud(citizen, anyone, drain):
    case = submitted(citizen, drain)
    number, code = case["number"].replace("-", "－").replace("0", "O"), case["receipt_code"].lower()
    spoken = f"{code[:4]} {code[4:]}".replace("0", "o").replace("1", "l")
    found = anyone.post("/v1/lookups", {"number": number, "code": spoken}, expect=200)
    assert found["number"] == case["number"]
