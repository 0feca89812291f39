"""How words are read: what they mean, and slips of the ear, the eye and the keyboard."""

from collections import Counter

import pytest

from tests.matters.starter import LEXICON, NAMES, reader


def meanings(text: str) -> set[str]:
    """What a question is taken to mean."""
    return {feature.token[2:] for feature in reader().asked(text) if feature.token.startswith("c:")}


@pytest.mark.parametrize(
    ("text", "meaning"),
    [
        ("网巴", "网吧"),
        ("卫生徐可证", "卫生许可"),
        ("营业直照", "营业执照"),
        ("结昏", "结婚"),
        ("公组房", "公租房"),
        ("特因人员", "特困"),
        ("创业担保货款", "贷款"),
        ("juzhuzheng", "居住证"),
        ("kai wangba", "网吧"),
        ("shi ye jin", "失业金"),
        ("restaraunt", "餐馆"),
        ("RESTAURANT", "餐馆"),
        ("KTV", "娱乐场所"),
        ("碎娃", "孩子"),
        ("我爷殁咧", "去世"),
        ("证寻不见咧", "丢失补办"),
    ],
)
def test_a_slip_or_a_dialect_word_is_understood(text: str, meaning: str) -> None:
    known = {feature.read_as for feature in reader().asked(text)} | meanings(text)
    assert any(meaning in word for word in known), known


def test_a_word_that_is_right_is_not_corrected_into_another() -> None:
    assert "失业" not in meanings("失独家庭")
    assert "注销" not in meanings("报销")
    assert "孩子" not in meanings("抓娃娃机")


@pytest.mark.parametrize(
    "text", ["的了吗呢", "额想弄个,咋弄捏?", "请问怎么办理", "How do I get a permit?", "", "!!! ???"]
)
def test_particles_and_politeness_say_nothing(text: str) -> None:
    assert reader().asked(text) == []


def test_latin_words_are_not_cut_in_two() -> None:
    assert "娱乐场所" not in meanings("barcelona")
    assert "低保" in meanings("dibao")


def test_any_character_of_gb_18030_is_read() -> None:
    assert reader().asked("𠮷野家饭店㐀")
    assert "餐馆" in meanings("𠮷野家饭店㐀")


def test_a_question_that_unfolds_is_read_only_so_far() -> None:
    features = reader().asked("ﷺ" * 200)
    assert all(feature.end <= 400 for feature in features)


def test_a_question_and_the_catalogue_are_read_alike() -> None:
    written = {feature.token for feature in reader().written("开火锅店办什么证")}
    assert {"c:餐馆"} <= written <= {feature.token for feature in reader().asked("开火锅店办什么证")}


def test_the_lexicon_names_only_what_there_is() -> None:
    assert set(LEXICON["said"]) == set(NAMES)
    wider = {name for entry in LEXICON["concepts"].values() for name in entry.get("broader", [])}
    assert wider <= set(LEXICON["concepts"])


def test_no_way_of_saying_is_listed_twice_under_one_meaning() -> None:
    lists = [entry["words"] for entry in LEXICON["concepts"].values()] + list(LEXICON["said"].values())
    assert not [word for words in lists for word, times in Counter(words).items() if times > 1]
