"""Which department a text names."""

import pytest

from api.matters.catalogue.department import Departments

DEPARTMENTS = Departments(
    [
        {"id": "MZJ", "name": "新城区民政局", "also": ["新城区婚姻登记处"]},
        {"id": "YBJ", "name": "新城区医疗保障局(经办机构)"},
        {"id": "WJJ", "name": "新城区卫生健康局"},
    ]
)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("新城区民政局", "MZJ"),
        ("新城区民政局(街道办事处受理)", "MZJ"),
        ("新城区民政局（或老龄办）", "MZJ"),
        ("新城区民政局、新城区卫生健康局", "MZJ"),  # who is named first leads
        ("新城区婚姻登记处", "MZJ"),
        ("新城区医疗保障局(经办机构)(街道经办)", "YBJ"),
        ("新城区民政局下属中心", None),  # another name that begins alike
        ("辖区助产机构(卫健委监管)", None),
        ("", None),
    ],
)
def test_a_text_names_the_department_that_leads(text, code):
    assert DEPARTMENTS.named_in(text) == code


def test_a_code_without_a_department_is_shown_as_it_is():
    assert (DEPARTMENTS.name("MZJ"), DEPARTMENTS.name("OLD")) == ("新城区民政局", "OLD")
