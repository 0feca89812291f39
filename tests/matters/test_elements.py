"""Elements that an older release did not know: said as unknown, or taken from the starter, never assumed."""

from typing import Any

import pytest
from marshmallow import ValidationError

from api.matters.catalogue.consistency import contradictions
from api.matters.catalogue.elements import completed
from api.matters.schemas.entries import EntryChange, EntrySchema
from api.matters.store import UPGRADES
from tests.matters.starter import RECORDS

NEW = ("extension_approver", "deferral", "promise", "delegated")
BY_CODE = {record["code"]: record for record in RECORDS}


def of_an_older_release(record: dict[str, Any], **changes: Any) -> dict[str, Any]:
    rows = [{key: row[key] for key in row if key != "not_counted_by"} for row in record["special_procedures"]]
    return {**{key: record[key] for key in record if key not in NEW}, "special_procedures": rows, **changes}


@pytest.mark.parametrize("code", ["XC-行政许可-007", "XC-行政许可-016", "XC-行政许可-027", "XC-行政许可-032"])
def test_a_starter_entry_of_an_older_store_is_mended(code: str) -> None:
    old = of_an_older_release(BY_CODE[code], special_procedures=[])
    (_, mend, _), _ = UPGRADES
    assert {**old, **mend(old, str)} == BY_CODE[code]
    assert mend(BY_CODE[code], str) == {}


def test_an_entry_of_the_office_says_what_nobody_knows() -> None:
    old = of_an_older_release(BY_CODE["XC-行政许可-007"], version=2)
    new = completed(old)
    assert (new["extension_approver"], new["delegated"]) == ("未明确", "未明确")
    assert new["deferral"] == {"days": None, "unit": None, "text": None, "excluded": [], "basis": None}
    assert new["promise"] == {"text": None, "excluded": [], "basis": None}
    assert [row["not_counted_by"] for row in new["special_procedures"]] == [None]
    assert contradictions(new) == []
    row = {"_id": "x/2", "entry": old}
    _, (_, mend, _) = UPGRADES
    assert mend(row, str) == {"entry": new}
    plain = completed(of_an_older_release(BY_CODE["XC-公共服务-016"], version=2))
    assert [plain[name] for name in NEW] == ["无", None, None, "无"]


def test_an_older_export_is_read_and_a_change_brings_nothing_that_it_does_not_name() -> None:
    old = of_an_older_release(BY_CODE["XC-行政许可-001"])
    assert EntrySchema().load(old) == BY_CODE["XC-行政许可-001"]
    assert EntryChange().load({"visits": 1}) == {"visits": 1}
    for wrong in ({"delegated": "谁都行"}, {"extension_approver": None}, {"promise": {"text": "随便"}}, "x", None):
        with pytest.raises(ValidationError):
            EntrySchema().load({**old, **wrong} if isinstance(wrong, dict) else wrong)  # type: ignore[arg-type]
