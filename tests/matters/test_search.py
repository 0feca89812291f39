"""Search in people's own words, on two sets of questions. `python -m tests.show.search` shows the counts by style."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from api.matters.search.index import Index, SearchEntry
from tests.matters.starter import LEXICON, NAMES, index, reader
from tests.show.search import codes, plain, pointed, street, times

DATA = Path(__file__).parents[1] / "data"
CITIZEN: list[dict[str, Any]] = json.loads((DATA / "citizen_questions.json").read_bytes())
FRESH: dict[str, list[dict[str, Any]]] = json.loads((DATA / "fresh_questions.json").read_bytes())


def found(question: str) -> list[str]:
    """The codes that are answered, best first."""
    return [hit.code for hit in index().search(question, 10)]


def right(questions: list[dict[str, Any]], within: int) -> list[str]:
    """The questions that have a right matter among the first ones."""
    return [
        question["question"]
        for question in questions
        if {question["code"], *question["also_acceptable"]}.intersection(found(question["question"])[:within])
    ]


def half(name: str) -> list[dict[str, Any]]:
    """The fresh questions that were tuned with, or held out."""
    return [question for question in FRESH["questions"] if question["half"] == name]


def test_of_the_citizens_questions_42_have_the_right_matter_first_and_all_within_three() -> None:
    assert len(right(CITIZEN, 1)) >= 42
    assert len(right(CITIZEN, 3)) == len(CITIZEN) == 43


def test_questions_that_were_held_out_do_as_well() -> None:
    held_out = half("held_out")
    assert len(right(held_out, 1)) >= 0.95 * len(held_out)
    assert len(right(held_out, 3)) >= 0.98 * len(held_out)


def test_the_street_questions_that_the_lexicon_was_mended_on_are_answered() -> None:
    asked, elsewhere = street("mended")
    assert len(right(asked, 1)) >= 88
    assert len(right(asked, 3)) == len(asked) == 90
    assert pointed(index(), elsewhere) == {"asked": 10, "pointed": 10}


def test_the_street_questions_that_were_kept_do_nearly_as_well() -> None:
    """They are counted, never read; what is wrong with them stays unknown (tests/data/README.matters.md)."""
    asked, elsewhere = street("kept")
    assert len(right(asked, 1)) >= 41
    assert len(right(asked, 3)) >= 43
    assert len(asked) == 45
    assert pointed(index(), elsewhere)["pointed"] >= 4


def test_the_fresh_questions_ask_for_every_matter_in_both_halves() -> None:
    assert {question["code"] for question in half("tuning")} == set(NAMES)
    assert {question["code"] for question in half("held_out")} == set(NAMES)


@pytest.mark.parametrize("code", NAMES)
def test_a_matters_own_name_finds_it_first(code: str) -> None:
    assert found(NAMES[code])[0] == code


@pytest.mark.parametrize(
    "question", ["今天天气怎么样", "买菜去哪便宜", "asdfghjkl", "123456", "你好", "hello", "的了吗", "😀", "ยินดี", " "]
)
def test_nothing_is_answered_where_nothing_fits(question: str) -> None:
    assert found(question) == []


def test_questions_about_something_else_get_nothing() -> None:
    assert sum(not found(question["question"]) for question in FRESH["nothing"]) >= 57


@pytest.mark.parametrize("question", ["办护照去哪", "驾驶证换证", "公积金怎么提取"])
def test_what_another_office_does_is_not_taken_for_ours(question: str) -> None:
    assert found(question) == []


@pytest.mark.parametrize(
    ("question", "office"),
    [
        ("丢了身份证怎么补", "police"),
        ("我的户口咋从老家迁过来,迁户口", "police"),
        ("出国要办啥护照", "exit_entry"),
        ("想考驾照", "traffic"),
        ("叫人诈骗了咋报警", "crime"),
        ("房本过户找谁", "property"),
        ("暖气不热咋办", "utilities"),
        ("楼上太吵", "hotline"),
        ("房子要装修,倒垃圾要办证吗", "hotline"),
        ("where can I get a passport", "exit_entry"),
        ("ban shenfenzheng", "police"),
    ],
)
def test_what_another_office_does_names_the_office(question: str, office: str) -> None:
    assert found(question) == []
    assert office in {one.office for one in index().elsewhere(question)}


@pytest.mark.parametrize("question", ["开饭店要带身份证吗", "拿身份证复印件办低保", "开饭店办什么证", "老年证"])
def test_what_is_ours_names_no_other_office(question: str) -> None:
    assert found(question)
    assert index().elsewhere(question) == []


@pytest.mark.parametrize("question", ["猫丢了", "钥匙丢了咋办", "手机叫人偷了", "银行卡丢了"])
def test_a_verb_alone_makes_no_matter(question: str) -> None:
    assert found(question) == []


def test_a_matter_that_is_named_after_it_makes_the_business_of_others_ours() -> None:
    others = [SearchEntry(code, [(name, 3.0)]) for code, name in NAMES.items()]
    passport = Index([*others, SearchEntry("new", [("护照收件", 3.0)])], reader())
    assert [hit.code for hit in passport.search("护照去哪办", 3)] == ["new"]
    assert passport.elsewhere("护照去哪办") == []


def test_a_mention_of_what_others_do_is_no_claim_to_it() -> None:
    mention = Index([SearchEntry("one", [("老年证", 3.0), ("带上护照", 0.4)])], reader())
    assert [one.office for one in mention.elsewhere("护照去哪办")] == ["exit_entry"]


def test_one_looks_for_what_comes_after_the_wish() -> None:
    assert found("退休了想开个书店")[0] == "XC-行政许可-011"
    assert found("开了多年书店,想退休")[0] == "XC-公共服务-012"


def test_other_matters_than_the_clear_best_are_left_out() -> None:
    assert found("离婚") == ["XC-行政确认-004"]


def test_the_answer_says_by_which_words_it_was_found_and_how_they_were_understood() -> None:
    assert index().search("想开个网巴", 1)[0].why == "按“网巴”(网吧)找到"
    assert "“奶茶”(餐馆)" in index().search("卖奶茶要证吗", 1)[0].why


@pytest.mark.parametrize("question", [question["question"] for question in CITIZEN])
def test_a_question_typed_with_blanks_finds_what_it_finds_without(question: str) -> None:
    spaced = re.sub(r"(?<=[\u4e00-\u9fff])(?=[\u4e00-\u9fff])", "\u3000 ", question)
    assert index().search(spaced, 10) == index().search(question, 10)


@pytest.mark.parametrize("every", [1, 2])
def test_a_question_in_traditional_or_mixed_characters_finds_what_it_finds_in_simplified_ones(every: int) -> None:
    traditional = {group[0]: group[-1] for group in LEXICON["traditional"]}
    for question in [*CITIZEN, *FRESH["questions"]]:
        text = question["question"]
        other = "".join(traditional.get(char, char) if at % every == 0 else char for at, char in enumerate(text))
        assert index().search(other, 10) == index().search(text, 10), other


def test_scores_fall_and_are_shares() -> None:
    scores = [hit.score for hit in index().search("开饭店办什么证", 10)]
    assert scores == sorted(scores, reverse=True)
    assert all(0 < score <= 1 for score in scores)


def test_no_more_are_answered_than_asked_for() -> None:
    assert len(index().search("开饭店办什么证", 2)) == 2


def test_an_empty_catalogue_answers_nothing() -> None:
    assert Index([], reader()).search("开饭店", 10) == []


def test_half_of_the_questions_take_less_than_a_search_by_plain_bigrams() -> None:
    """In CPU, measured in one run; the milliseconds are shown by `make show-search`."""
    ours, bigrams = (times(search, CITIZEN)["p50"] for search in (codes(index()), plain({})))
    assert ours < bigrams
