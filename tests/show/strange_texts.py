"""Strange texts by kind, drawn from a seed: all planes of Unicode, what shows nothing, what looks like a number."""

import random
import sys
import unicodedata
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

Draw = Callable[[random.Random], str]

ORDINARY = ("王小明", "西安市新城区西一路100号", "请问几点下班？", "Hello 新城", "13800138000", "")
"""Text in which a strange piece lies, half of the time."""

BLANKS = "\t\n\v\f\r \x1c\x1d\x1e\x1f\x85\xa0\u1680\u2000\u2004\u2007\u2009\u200a\u2028\u2029\u202f\u205f\u3000"
HOLLOW = (
    "\u00ad\u034f\u115f\u1160\u17b4\u180b\u180e\u200b\u200c\u200d\u2060"
    "\u2064\u2800\u3164\ufe0f\ufeff\uffa0\U000e0001\U000e0100"
)
DIRECTION = "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u206a\u206f\ufff9\ufffb"
EMOJI = (
    "👨\u200d👩\u200d👧\u200d👦",
    "👍🏽",
    "🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f",
    "1\ufe0f\u20e3",
    "🇨🇳",
    "❤\ufe0f\u200d🔥",
    "\U0001fae8",
)
CHANGING = (
    *(
        "ﷺ",
        "①",
        "㎏",
        "ﬁ",
        "Å",
        "e\u0301",
        "각",
        "㍿",
        "℡",
        "ｶﾞ",
        "\u0344",
        "\U0001d15e",
        "豈",
        "\u212a",
        "İ",
        "ß",
        "ŉ",
        "ﬃ",
    ),
    *("e\u200b\u0301", "ᄀ\u200bᅡ", "\u1e9e", "ǅ", "Σς", "ｉ\u0307", "ﾊ\u200eﾟ", "\u0958", "\u2f800", "か\u2060\u3099"),
)
NUMBERS = (
    *(
        "1e309",
        "-0",
        "0x1F",
        "NaN",
        "Infinity",
        "-inf",
        "1_000",
        "９９",
        "٣",
        "१२३",
        "𝟙",
        "²",
        "½",
        "Ⅷ",
        "零",
        "1,000",
        "0" * 30,
    ),
    *(
        "9" * 400,
        "9007199254740993",
        "-1",
        "1.0",
        " 1",
        "1\u200b",
        "+1",
        "1e-400",
        "0b1",
        "１３８００１３８０００",
        "٠",
        "1\u0660",
    ),
)
IDS = (
    *(
        "610102194303050022",
        "６１０１０２１９４３０３０５００２２",
        "61010219430305002Ⅹ",
        "XC-H01",
        "ＸＣ－Ｈ０１",
        "xc-h01",
        "507f1f77bcf86cd799439011",
    ),
    *(
        "00000000-0000-0000-0000-000000000000",
        "0190163D-8694-739B-AEA5-966C26F8AD91",
        "XC-行政许可-001",
        "case:1",
        "point:XC-H01",
        "../XC-H01",
    ),
)
MARKUP = (
    *(
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "&lt;b&gt;",
        "<!--",
        "]]>",
        "{{7*7}}",
        "${jndi:ldap://127.0.0.1/a}",
        "%s%n%d",
    ),
    *(
        "{0}",
        "{min}",
        "{__class__}",
        "%(x)s",
        "javascript:alert(1)",
        "'; DROP TABLE x; --",
        '{"$gt": ""}',
        "$where",
        "a.b.c",
        "[0]",
        "\\u0000",
        "\\",
        '"',
    ),
    *(
        "=1+1",
        "+cmd|' /C calc'!A0",
        "@SUM(A1)",
        "-2+3",
        "\t=1",
        "a\r\nSet-Cookie: x=1",
        "../../etc/passwd",
        "%2e%2e%2f",
        "%00",
        "%ff",
        "%",
        "a;b",
        "a&b=c",
        "#",
        "?",
    ),
    *(
        "(a+)+$",
        "a" * 30 + "!",
        "__proto__",
        "constructor",
        "file:///etc/passwd",
        "http://[::1",
        "//example.com",
        "C:\\aux",
        "nul",
        ".",
        "..",
    ),
)
TIMES = (
    *(
        "2026-02-30",
        "0000-00-00",
        "9999-12-31",
        "10000-01-01",
        "2026-W01-1",
        "24:00",
        "23:59:60",
        "2026-11-24T25:00:00Z",
        "0001-01-01T00:00:00+14:00",
    ),
    *(
        "9999-12-31T23:59:59-12:00",
        "２０２６-０１-０１",
        "2026年1月1日",
        "Mo-Fr 09:00-12:00; PH off",
        "Mo-Su 00:00-48:00",
        "2026-13",
        "20260101",
        "-2026-01-01",
    ),
)
HEADERS = (
    *(
        "en;q=1e999",
        "zh;q=nan",
        "*;q=٣",
        "en;q=-1, zh;q=2",
        ",;=",
        "zh" * 2000,
        "en-" + "a" * 5000,
        '"1',
        'W/"9"',
        '"１"',
        '"99999999999"',
        "*",
        '"1","2"',
    ),
    *(
        "Bearer",
        "Bearer ",
        "Basic Og==",
        "Bearer \u202e",
        "bytes=0-",
        "filename !!!",
        "filename 5paH5Lu2",
        "sha1 !!",
        "sha256 AAAA",
        "chunked",
        "text/plain; charset=utf-7",
    ),
)
HAN = (
    "\u3400\u4db5\U00020000\U0002a6df\U0002b740\U0002ceb0\U0002ebf0"
    "\U00030000\U00031350\U000323b0\uf900\u2e80\u2ff0\u31c0〇々·．"
)


def _any_of(signs: str, most: int = 12) -> Draw:
    return lambda rng: "".join(rng.choices(signs, k=rng.randint(1, most)))


def _one_of(texts: tuple[str, ...]) -> Draw:
    return lambda rng: rng.choice(texts)


def _plane(plane: int) -> Draw:
    """Characters of one plane, assigned or not, noncharacters among them; no surrogates."""

    def draw(rng: random.Random) -> str:
        points = (rng.randint(plane << 16, (plane << 16) + 0xFFFF) for _ in range(rng.randint(1, 12)))
        return "".join(chr(point) for point in points if not 0xD800 <= point <= 0xDFFF and point) or "\ufffd"

    return draw


@cache
def _combining() -> str:
    """Every combining character: read at the first use, since a million characters are looked at."""
    return "".join(chr(point) for point in range(sys.maxunicode) if unicodedata.combining(chr(point)))


KINDS: dict[str, Draw] = {
    **{f"plane {plane}": _plane(plane) for plane in range(17)},
    "combining run": lambda rng: "e" + "".join(rng.choices(_combining(), k=rng.randint(1, 300))),
    "bidirectional": lambda rng: "".join(rng.choices(DIRECTION + "שלוםمرحبا a1", k=rng.randint(1, 30))),
    "nothing to be seen": _any_of(HOLLOW + BLANKS + DIRECTION),
    "zero width inside": lambda rng: rng.choice(HOLLOW + DIRECTION).join(rng.choice(ORDINARY[:5])),
    "blanks": _any_of(BLANKS, 20),
    "blanks inside": lambda rng: rng.choice(BLANKS).join(rng.choice(ORDINARY[:5])) + rng.choice(BLANKS),
    "full-width": lambda rng: "".join(chr(rng.randint(0xFF01, 0xFFEE)) for _ in range(rng.randint(1, 12))),
    "emoji": lambda rng: "".join(rng.choices(EMOJI, k=rng.randint(1, 6))),
    "changed by normalisation": lambda rng: "".join(rng.choices(CHANGING, k=rng.randint(1, 6))),
    "lone surrogate": lambda rng: rng.choice(("\ud83d", "\ude00", "\udfff\ud800", "\udc80", "a\ud800")),
    "NUL": lambda rng: rng.choice(("\0", "a\0b", "\0\0\0", "王\0")),
    "control": lambda rng: "".join(
        chr(rng.choice((*range(1, 32), *range(127, 160)))) for _ in range(rng.randint(1, 8))
    ),
    "number": _one_of(NUMBERS),
    "id": _one_of(IDS),
    "markup or code": _one_of(MARKUP),
    "time": _one_of(TIMES),
    "header": _one_of(HEADERS),
    "rare Han": _any_of(HAN),
    "long": lambda rng: (
        rng.choice(("长", "a", "😀", "ﷺ", " ", "\u200b", "9")) * rng.choice((61, 101, 201, 2_001, 9_000, 40_000))
    ),
    "empty": lambda rng: "",
}
"""By kind, how one is drawn."""


def strange(seed: int, count: int) -> Iterator[tuple[str, str]]:
    """`count` texts with the names of their kinds, all kinds in turn; half lie in ordinary text, a tenth in another."""
    rng, kinds = random.Random(seed), sorted(KINDS)
    for turn in range(count):
        kind = kinds[turn % len(kinds)]
        text = KINDS[kind](rng)
        if rng.random() < 0.1:
            text += KINDS[rng.choice(kinds)](rng)
        if kind not in {"empty", "blanks", "nothing to be seen"} and rng.random() < 0.5:
            text = rng.choice((text + rng.choice(ORDINARY), rng.choice(ORDINARY) + text))
        yield kind, text


def shown(text: Any) -> str:
    """A strange text as a report prints it."""
    return ascii(text if len(str(text)) <= 60 else f"{text[:60]}… ({len(text)})")
