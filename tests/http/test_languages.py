"""Every word of a refusal is in the language asked for: which that is, and what validators say in it."""

import ast
import enum
import inspect
import re
from datetime import date, time
from pathlib import Path

import marshmallow
import pytest
from marshmallow import Schema, ValidationError, fields, validate

from api.web import field_words as tables
from api.web.field_words import field_words
from api.web.problems import preferred

ROOT = Path(__file__).parents[2]
ENGLISH = {"Accept-Language": "en"}

ASKED = {
    "": "zh",
    "*": "zh",
    "fr": "zh",
    "zh-CN": "zh",
    "en": "en",
    "EN-gb": "en",
    "en-US,en;q=0.9,zh-CN;q=0.8": "en",
    "zh-CN,zh;q=0.9,en;q=0.8": "zh",
    "zh;q=0.3, en;q=0.8": "en",
    "en;q=0.5, zh;q=0.9": "zh",
    "zh;q=0.800, en;q=0.801": "en",
    "fr, en;q=0.1, zh;q=0.2": "zh",
    "en, zh": "en",
    "zh, en": "zh",
    "zh-CN;q=0.9, zh;q=0.1, en;q=0.5": "zh",
    "en-GB;q=0.9, en;q=0.1, zh;q=0.5": "en",
    "zh;q=0, *": "en",
    "*, zh;q=0": "en",
    "en;q=0": "zh",
    "zh;q=0": "zh",
    "*;q=0": "zh",
    "en;q=0.4, *;q=0.5": "zh",
    "*;q=0.4, en;q=0.5": "en",
    "en, *": "en",
    "en ; q=0.5 , zh ;q=0.9": "zh",
    ",,en,,": "en",
    "en;q=x, zh;q=0.1": "zh",
    "english": "zh",
}
"""Accept-Language -> the language of the answer (RFC 9110 §12.5.4), written by hand."""


@pytest.mark.parametrize(("accepted", "language"), ASKED.items())
def test_the_language_that_weighs_most_is_answered(accepted, language):
    assert preferred(accepted) == language


@pytest.mark.parametrize(("accepted", "word"), [("zh;q=0.2, en;q=0.9", "Log in first"), ("en;q=0.2, zh", "请先登录")])
def test_a_problem_is_in_the_language_that_weighs_most(anyone, accepted, word):
    assert anyone.get("/v1/me", expect=401, headers={"Accept-Language": accepted})["title"] == word


# -- what marshmallow says ------------------------------------------------------------------


class Colour(enum.Enum):
    """Something to choose from."""

    RED = 1


class Inner(Schema):
    """A schema in a schema."""

    a = fields.Integer(required=True)


CHECKED = [
    (fields.String(required=True), marshmallow.missing, "必填。"),
    (fields.String(), None, "不能为空。"),
    (fields.String(), 1, "应为文字。"),
    (fields.Integer(), "x", "应为整数。"),
    (fields.Float(), "x", "应为数字。"),
    (fields.Float(), "nan", "应为数字。"),
    (fields.Boolean(), "x", "应为是或否。"),
    (fields.UUID(), "x", "编号格式不对。"),
    (fields.DateTime(), "x", "时间格式不对。"),
    (fields.AwareDateTime(), "2026-01-31T10:00:00", "时间格式不对，要带时区。"),
    (fields.NaiveDateTime(), "2026-01-31T10:00:00Z", "时间格式不对，不能带时区。"),
    (fields.Time(), "x", "时刻格式不对。"),
    (fields.Date(), "x", "日期格式不对。"),
    (fields.TimeDelta(), "x", "时长格式不对。"),
    (fields.Dict(), "x", "应为一组键值。"),
    (fields.List(fields.String()), "x", "应为列表。"),
    (fields.Tuple([fields.String()]), 1, "应为列表。"),
    (fields.Nested(Inner), "x", "格式不对。"),
    (fields.Url(), "x", "网址格式不对。"),
    (fields.Email(), "x", "电子邮箱格式不对。"),
    (fields.IPv4(), "x", "IPv4 地址格式不对。"),
    (fields.Enum(Colour), "x", "只能是 RED。"),
    (fields.String(validate=validate.Length(min=1)), "", "不能为空。"),
    (fields.String(validate=validate.Length(min=3)), "x", "太短，长度至少为 3。"),
    (fields.String(validate=validate.Length(max=3)), "x" * 4, "太长，长度最多为 3。"),
    (fields.String(validate=validate.Length(1, 3)), "", "长度应在 1 到 3 之间。"),
    (fields.String(validate=validate.Length(equal=4)), "", "长度应为 4。"),
    (fields.Integer(validate=validate.Range(1, 5)), 6, "应在 1 到 5 之间。"),
    (fields.Integer(validate=validate.Range(min=1)), 0, "应不小于 1。"),
    (fields.Integer(validate=validate.Range(max=5)), 6, "应不大于 5。"),
    (fields.Integer(validate=validate.Range(min=1, min_inclusive=False)), 1, "应大于 1。"),
    (fields.Integer(validate=validate.Range(max=5, max_inclusive=False)), 5, "应小于 5。"),
    (fields.Integer(validate=validate.Range(1, 5, min_inclusive=False)), 1, "应大于 1，且不大于 5。"),
    (fields.Integer(validate=validate.Range(1, 5, max_inclusive=False)), 5, "应不小于 1，且小于 5。"),
    (
        fields.Integer(validate=validate.Range(1, 5, min_inclusive=False, max_inclusive=False)),
        5,
        "应大于 1，且小于 5。",
    ),
    (fields.Time(validate=validate.Range(max=time(9))), "10:00", "应不大于 09:00:00。"),
    (fields.Date(validate=validate.Range(min=date(2026, 1, 31))), "2026-01-30", "应不小于 2026-01-31。"),
    (fields.String(validate=validate.OneOf(["a", "b"])), "x", "只能是 a, b。"),
    (fields.String(validate=validate.NoneOf(["x"])), "x", "内容不对。"),
    (fields.String(validate=validate.Equal("a")), "x", "应为 a。"),
    (fields.String(validate=validate.Regexp("a")), "x", "格式不对。"),
    (fields.String(validate=validate.Predicate("isdigit")), "x", "内容不对。"),
    (fields.List(fields.String(), validate=validate.ContainsOnly(["a", "b"])), ["x"], "只能从中选择：a, b。"),
    (fields.List(fields.String(), validate=validate.ContainsNoneOf(["x"])), ["x"], "不能选择：x。"),
]
"""A field of marshmallow, a value that it refuses, and what a Chinese reader is told."""


@pytest.mark.parametrize(("field", "value", "words"), CHECKED, ids=lambda part: str(part)[:40])
def test_what_a_validator_says_is_said_in_chinese(field, value, words):
    with pytest.raises(ValidationError) as refused:
        field.deserialize(value)
    reason = refused.value.args[0]
    while not isinstance(reason, str):  # nested by field
        reason = next(iter(reason.values() if isinstance(reason, dict) else reason))
    assert field_words(reason, "zh") == words
    assert field_words(reason, "en") == reason


def own_messages():
    """Every message that marshmallow has by default, its places filled in."""
    kinds = [kind for part in (fields, validate) for _, kind in inspect.getmembers(part, inspect.isclass)]
    messages = {
        message
        for kind in kinds
        for name, message in getattr(kind, "default_error_messages", {}).items()
        if name != "format"  # said of what is written out, to nobody who calls
    }
    for kind in kinds:
        named = {
            name: value for name, value in vars(kind).items() if re.match("message_(min|max|all|equal)|default_m", name)
        }
        messages |= {value for value in named.values() if kind is not validate.Range}
    messages |= set(Schema._default_error_messages.values())
    return sorted(re.sub(r"\{\w+\}", "datetime" if "obj_type" in message else "7", message) for message in messages)


def test_no_message_of_marshmallow_is_without_its_chinese():
    messages = [message.replace("valid datetime datetime", "valid aware datetime") for message in own_messages()]
    assert len(messages) > 30
    assert [message for message in messages if field_words(message, "zh") == message] == []


# -- what our schemas say ------------------------------------------------------------------


def own_words():
    """Every Chinese text that a schema or a check of bodies gives as a reason, as written in the code."""
    for path in [*ROOT.glob("api/*/schemas.py"), *ROOT.glob("api/*/schemas/*.py"), ROOT / "api/web/bodies.py"]:
        for node in ast.walk(ast.parse(path.read_text())):
            if not isinstance(node, ast.Call):
                continue
            name = getattr(node.func, "id", getattr(node.func, "attr", ""))
            reasons = [word.value for word in node.keywords if word.arg == "error"]
            for part in (*reasons, *(node.args if name in {"ValidationError", "BadFields"} else [])):
                yield from texts(part)


NO_REASONS = {
    "api/cases/case.py": "what a decision says of appeals",
    "api/cases/documents/printing.py": "papers",
    "api/circle/generations.py": "refusals with both languages beside them",
    "api/circle/why.py": "answers, with both languages beside them",
    "api/drafts/moving.py": "what a newer version changes",
    "api/files/file.py": "refusals with both languages beside them",
    "api/identity/citizens/consent.py": "texts of consent",
    "api/identity/staff/roles.py": "duties, with both languages beside them",
    "api/matters/catalogue/content.py": "checks with both languages beside them",
    "api/matters/guide/printing.py": "papers",
    "chat/transcript.py": "papers",
    "chat/talk/transitions.py": "messages of a conversation",
}
"""Files of rules with Chinese sentences that are not said of a field, with the reason."""

IN_BOTH = {"TwoLanguages", "BilingualText", "Reason"}
"""What is called with the words in both languages."""


def rules_words():
    """Every Chinese sentence in the rules and services of the rooms and the chat, except those of refusals as such."""
    rooms = [room for room in ROOT.glob("api/*/") if room.name not in {"pages", "web", "operations", "cli"}]
    for path in (path for room in (*rooms, ROOT / "chat") for path in room.rglob("*.py")):
        if str(path.relative_to(ROOT)) in NO_REASONS:
            continue
        tree = ast.parse(path.read_text())
        apart = [node for node in ast.walk(tree) if getattr(node, "arg", None) in {"zh", "en"} or is_titled(node)]
        apart += [node for node in ast.walk(tree) if getattr(getattr(node, "func", None), "id", "") in IN_BOTH]
        left = {id(inner) for node in apart for inner in ast.walk(node)}
        left |= {id(part) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in node.values}
        for node in ast.walk(tree):
            if isinstance(node, ast.JoinedStr | ast.Constant) and id(node) not in left:
                yield from (text for text in texts(node) if text.endswith(("。", "。）")) and text != "。")


def is_titled(node):
    """Whether a statement sets `zh`, or is a docstring."""
    if isinstance(node, ast.Assign | ast.AnnAssign):
        target = node.target if isinstance(node, ast.AnnAssign) else node.targets[0]
        return getattr(target, "id", "") in {"zh", "en"}
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def texts(node):
    if isinstance(node, ast.JoinedStr):
        yield "".join(part.value if isinstance(part, ast.Constant) else "7" for part in node.values)
    elif isinstance(node, ast.Constant):
        if isinstance(node.value, str) and not node.value.isascii():
            yield node.value
    else:
        for part in ast.iter_child_nodes(node):
            yield from texts(part)


def test_what_our_own_validators_say_has_its_english():
    reasons = set(own_words())
    assert len(reasons) > 12
    assert [reason for reason in reasons if not field_words(reason, "en").isascii()] == []


def test_what_the_rules_say_of_a_field_has_its_english():
    reasons = set(rules_words())
    assert len(reasons) > 80
    assert [reason for reason in sorted(reasons) if not field_words(reason, "en").isascii()] == []


def test_a_part_of_a_reason_is_put_into_the_language_too():
    reason = "开放时间读不懂，例：Mo-Fr 09:00-12:00,13:00-17:00。（看不懂是星期几：星期一，要写成 Mo-Fr 或 Sa,Su）"
    assert field_words(reason, "en").endswith("(days not understood: 星期一; write them as Mo-Fr or Sa,Su)")
    assert field_words(reason, "zh") == reason


def test_each_of_our_words_stands_in_a_table_once_and_fills_the_same_places():
    for table in (tables.MARSHMALLOW, tables.OURS, tables.RULES):
        for reason, words in table.items():
            assert set(re.findall(r"\{\w+\}", words)) <= set(re.findall(r"\{\w+\}", reason)), reason


# -- over HTTP ---------------------------------------------------------------------------------

REQUESTS = [
    ("POST", "/v1/sessions/codes", {}, "phone", "必填。", "Missing data for required field."),
    ("POST", "/v1/sessions/codes", {"phone": 1}, "phone", "应为文字。", "Not a valid string."),
    ("POST", "/v1/sessions/codes", [], "_schema", "格式不对。", "Invalid input type."),
    (
        "GET",
        "/v1/points?limit=0",
        None,
        "limit",
        "应在 1 到 200 之间。",
        "Must be greater than or equal to 1 and less than or equal to 200.",
    ),
    (
        "GET",
        f"/v1/matters?cursor={'x' * 201}",
        None,
        "cursor",
        "太长，长度最多为 200。",
        "Longer than maximum length 200.",
    ),
    (
        "GET",
        "/v1/circle/isochrone?point=XC-H01&minutes=90",
        None,
        "minutes",
        "应为 1 到 60 的整数分钟。",
        "Give whole minutes from 1 to 60.",
    ),
    ("POST", "/v1/sessions/codes", {"phone": 2**60}, "phone", "数字太大。", "Number too large."),
]
"""A request, the field that is refused, and why in Chinese and in English."""


@pytest.mark.parametrize(("method", "path", "body", "field", "chinese", "english"), REQUESTS)
def test_a_refused_field_is_explained_in_the_readers_language(anyone, method, path, body, field, chinese, english):
    rest = {} if body is None else {"json": body}
    for headers, words in (({}, chinese), (ENGLISH, english)):
        answer = anyone.call(method, path, expect=422, headers=headers, **rest)
        assert answer["errors"][field] == [words]
