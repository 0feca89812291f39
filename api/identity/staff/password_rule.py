"""What a password of staff must be: long, and neither common nor made of what everybody can know of the person.

NIST SP 800-63B §3.1.1.2 asks for a list of common passwords; zxcvbn holds some 30,000, also those of Chinese leaks, and
sees them through added years, repeats, keyboard rows and letters written as digits.
"""

import re
import unicodedata

SHORTEST_PASSWORD = 10
PASSWORD_RULE = (
    f"a password has at least {SHORTEST_PASSWORD} characters, is none of the common ones, and is not easily guessed "
    "from the name, the user name or a year"
)
MOST_READ = 40
"""So many characters are rated: a password that is weak for so long is weak, and rating takes the square of them."""

EASIEST = 3
"""The rating of zxcvbn, 0 to 4, from which on a password is taken: 10^8 guesses and more."""

SHORTEST_REST = 5
"""So many characters must be left beside names, years and the words below."""

CHINESE_WORDS = (
    *("woaini", "woaiwojia", "woaizhongguo", "wode", "nihao", "mima", "denglu", "zhanghao", "gongzuo", "laopo"),
    *("laogong", "baobao", "baobei", "zhongguo", "beijing", "shanghai", "shaanxi", "shanxi", "xian", "changan"),
    *("xincheng", "xinchengqu", "fuwuquan", "fuwu", "zhengwu", "zhengfu", "chuangkou", "guanliyuan", "shenpi"),
    *("5201314", "1314520", "520520", "1314", "520", "666", "888", "admin", "window", "handler", "circle", "service"),
)
"""What people here begin a password with, in pinyin, beside what the library knows."""


def check_password(password: str, username: str, name: str = "") -> None:
    """Raises ValueError with what a password must be."""
    if len(password) < SHORTEST_PASSWORD:
        raise ValueError(f"密码至少 {SHORTEST_PASSWORD} 个字符。")
    spelled = _spellings(name)
    text = unicodedata.normalize("NFKC", password).lower()
    personal = (username.lower(), *spelled)
    inside = (username.lower(), *(word for word in spelled if len(word) >= 5), *([name] if len(name) >= 2 else []))
    is_known = any(word in text for word in inside if word) or len(_rest(text, personal)) < SHORTEST_REST
    if len(set(text)) < 5 or is_known or _is_common(text, personal):
        raise ValueError("密码太常见或太容易猜，请换一个：不要用常见密码，也不要用姓名、用户名、年份。")


def _rest(text: str, personal: tuple[str, ...]) -> str:
    """What is left of a password without years and dates, the person's own words, ours, and what stands between."""
    words = sorted({word for word in (*personal, *CHINESE_WORDS) if len(word) > 1}, key=len, reverse=True)
    return re.sub("|".join([r"(19|20)\d{2}(\d{2}){0,2}", *map(re.escape, words), r"[\W_]"]), "", text)


def _is_common(text: str, personal: tuple[str, ...]) -> bool:
    from zxcvbn import zxcvbn  # only where a password is set: its lists take some megabytes

    return bool(zxcvbn(text[:MOST_READ], user_inputs=[*personal, *CHINESE_WORDS])["score"] < EASIEST)


def _spellings(name: str) -> tuple[str, ...]:
    """A name in pinyin: the whole, and each of its characters' syllables."""
    from pypinyin import lazy_pinyin

    syllables = [part.lower() for part in lazy_pinyin(name, errors="default") if part.isascii()]
    return ("".join(syllables), *syllables) if syllables else ()
