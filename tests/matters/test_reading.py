"""How words are read: what they mean, and slips of the ear, the eye and the keyboard."""

import json
from collections import Counter

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from pypinyin import Style, pinyin

from tests.matters.starter import LEXICON, NAMES, RECORDS, reader


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


BLANKS = {
    "a space": " ",
    "spaces": "   ",
    "an ideographic space": "\u3000",
    "a tab": "\t",
    "a no-break space": "\u00a0",
    "a newline": "\r\n",
    "a braille blank": "\u2800",
    "a zero-width space": "\u200b",
    "a byte order mark": "\ufeff",
    "a direction mark": "\u202e",
    "a variation selector": "\U000e0100",
    "a Hangul filler": "\u3164",
    "a control": "\x00",
}


@pytest.mark.parametrize("blank", BLANKS.values(), ids=BLANKS.keys())
@pytest.mark.parametrize("words", ["老年 证", "残疾 补贴", "开 饭店", "结 婚 登 记", "徐 可 证", "ktv 许可", "开 ktv"])
def test_white_space_means_nothing_beside_a_chinese_character(words: str, blank: str) -> None:
    together = reader().asked(words.replace(" ", ""))
    assert reader().asked(words.replace(" ", blank)) == together != []


def test_white_space_parts_latin_words_however_much_there_is() -> None:
    apart = reader().asked("business licence")
    assert reader().asked(" business\u3000 \n licence\t") == apart
    assert "营业执照" in meanings("business\u00a0licence")
    assert apart == reader().asked("busi\u00adness licence")


@pytest.mark.parametrize(
    ("form", "plain"),
    [
        ("ＫＴＶ　许可", "ktv许可"),
        ("Ｒｅｓｔａｕｒａｎｔ", "restaurant"),
        ("ｊｕ zhu ｚｈｅｎｇ", "ju zhu zheng"),
        ("㈱２００㎡饭店", "(株)200m2饭店"),
        ("⽼年证", "老年证"),
    ],
)
def test_a_wide_or_a_compatible_form_is_read_as_the_plain_one(form: str, plain: str) -> None:
    assert reader().asked(form) == reader().asked(plain)


@pytest.mark.parametrize(
    ("form", "plain"),
    [
        ("老年證", "老年证"),
        ("殘疾補貼", "残疾补贴"),
        ("開飯店", "开饭店"),
        ("營业執照", "营业执照"),
        ("跟朋友合夥賣餅乾", "跟朋友合伙卖饼干"),
        ("裡面裝修麵館", "里面装修面馆"),
        ("理髮店衛生許可証", "理发店卫生许可证"),
        ("額想繳社會保險", "额想缴社会保险"),
        ("ＫＴＶ　娛樂 場所", "ktv娱乐场所"),
    ],
)
def test_traditional_and_mixed_characters_are_read_as_simplified_ones(form: str, plain: str) -> None:
    assert reader().asked(form) == reader().asked(plain) != []


def test_every_character_of_catalogue_and_lexicon_that_has_a_traditional_form_has_it_in_the_lexicon() -> None:
    """Big5 holds what is written in traditional characters, so what it lacks is written otherwise there."""
    texts = json.dumps(
        [LEXICON["concepts"], LEXICON["said"], LEXICON["elsewhere"], LEXICON["fillers"], RECORDS], ensure_ascii=False
    )
    known = {group[0] for group in LEXICON["traditional"]}
    missing = {char for char in texts if "\u4e00" <= char <= "\u9fff" and not char.encode("big5", "ignore")} - known
    assert missing <= {"嘞", "擀", "幺"}, "these three have one form only"


def test_a_traditional_character_sounds_as_its_simplified_one_and_is_read_as_no_other() -> None:
    pairs = [(group[0], char) for group in LEXICON["traditional"] for char in group[1:]]
    readings = {char: set(pinyin(char, style=Style.NORMAL, heteronym=True)[0]) for pair in pairs for char in pair}
    assert all(readings[simple] & readings[char] for simple, char in pairs)
    assert [char for char, times in Counter(char for _, char in pairs).items() if times > 1] == []
    assert {simple for simple, _ in pairs}.isdisjoint(char for _, char in pairs)


@settings(max_examples=60, deadline=None)
@example(text="老年 证")
@example(text="\ud800老\udfff 年")
@given(text=st.text(max_size=200) | st.text("老年残疾补贴证开饭店徐可 \u3000\t\u00a0\nab1,。\u200b", max_size=200))
def test_any_text_is_read_and_every_feature_stands_where_it_says(text: str) -> None:
    normal = reader().normal(text)
    assert all(0 <= feature.start < feature.end <= len(normal) for feature in reader().asked(text))


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
