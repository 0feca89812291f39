"""Identity numbers, names, masks and sealing."""

from datetime import UTC, datetime

import pytest

from api.identity.masking import mask_identity, mask_name, mask_phone, mask_unless_allowed
from api.identity.names_and_numbers import clean_name, credit_code, identity_number, mobile
from api.identity.sealing.keyring import Keyring, SealBroken

TODAY = datetime(2026, 11, 24, tzinfo=UTC)


def numbered(body: str) -> str:
    """An 18-digit number with its check character (GB 11643)."""
    weights = [2 ** (17 - n) % 11 for n in range(17)]
    return body + "10X98765432"[sum(int(d) * w for d, w in zip(body, weights, strict=True)) % 11]


@pytest.mark.parametrize("body", ["61010219430305002", "81000019900101001", "83000019851231012", "11010520000229003"])
def test_genuine_numbers_and_residence_permits_are_taken(body):
    number = numbered(body)
    assert identity_number(f" {number.lower()} ", TODAY) == number


@pytest.mark.parametrize(
    "number",
    [
        numbered("61010219430305002")[:-1] + "Y",
        numbered("61010220990101001"),
        numbered("61010219430231002"),
        numbered("99010219430305002"),
        "610102430305002",
        "",
    ],
)
def test_others_are_refused(number):
    with pytest.raises(ValueError, match="身份证号"):
        identity_number(number, TODAY)


CREDIT_DIGITS = "0123456789ABCDEFGHJKLMNPQRTUWXY"


def coded(body: str) -> str:
    """An 18-character credit code with its check character (GB 32100)."""
    total = sum(CREDIT_DIGITS.index(c) * 3**n for n, c in enumerate(body))
    return body + CREDIT_DIGITS[-total % 31]


@pytest.mark.parametrize(
    "code", ["91110000600037341L", "9144030071526726XG", coded("N2610102MA6TX0AB7"), coded("Y1610000MB0000001")]
)
def test_credit_codes_are_taken_whoever_registered_them(code):
    assert credit_code(f" {code[:8].lower()}-{code[8:]} ") == code


@pytest.mark.parametrize("code", ["91110000600037341M", coded("91990102MA6TX0AB7"), "9", ""])
def test_other_codes_are_refused(code):
    with pytest.raises(ValueError, match="信用代码"):
        credit_code(code)


def test_roles_see_what_their_work_needs():
    assert (
        mask_unless_allowed("id_number", "610102194303050021", frozenset({"staff", "window"})) == "610102194303050021"
    )
    assert mask_unless_allowed("id_number", "610102194303050021", frozenset({"staff", "admin"})) == "610102********0021"
    assert mask_unless_allowed("phone", "+8613812341234", frozenset({"citizen"})) == "138****1234"


def test_full_width_digits_are_read():
    assert mobile("１３８００１３８０００") == "+8613800138000"


def test_names_keep_any_character_of_the_national_set():
    assert clean_name("  𠮷㛃䶮 ·  阿卜杜拉 ") == "𠮷㛃䶮 · 阿卜杜拉"
    for bad in ("", "  ", "a\x00b", "长" * 61):
        with pytest.raises(ValueError, match="姓名"):
            clean_name(bad)


def test_masks_show_what_convention_allows():
    assert mask_phone("+8613812341234") == "138****1234"
    assert mask_name("张三丰") == "张*"
    assert mask_identity("610102194303050021") == "610102********0021"


def test_a_sealed_text_moved_to_another_record_or_field_does_not_open(keyring: Keyring):
    sealed = keyring.seal("citizen-1", "phone", "13800138000")
    assert "13800138000" not in sealed
    assert keyring.open_sealed("citizen-1", "phone", sealed) == "13800138000"
    for record, field in (("citizen-2", "phone"), ("citizen-1", "name")):
        with pytest.raises(SealBroken):
            keyring.open_sealed(record, field, sealed)


def test_keys_are_made_once_and_only_the_owner_can_read_them(tmp_path):
    first = Keyring.open(tmp_path / "keys")
    again = Keyring.open(tmp_path / "keys")
    assert again.open_sealed("a", "b", first.seal("a", "b", "字")) == "字"
    assert all(path.stat().st_mode & 0o077 == 0 for path in (tmp_path / "keys").iterdir())
