"""The rules of consent: purposes, their texts, and the articles of 个人信息保护法 (PIPL).

The ledger is append-only: giving and withdrawing consent are entries, and the last entry per purpose holds. What an
office must do by law (art. 13 (3)) needs no consent and is not listed here.
"""

from dataclasses import dataclass

from api.refusals import Refusal

CHANNELS = ("web", "wechat", "window")


@dataclass(frozen=True)
class Purpose:
    """A purpose of processing: its text with a version, the articles it is based on, and whether it is offered.

    What nothing is done with is not asked for (art. 6); an earlier consent to it stays listed until withdrawn.
    """

    version: int
    zh: str
    en: str
    articles: tuple[int, ...]
    offered: bool = True


PURPOSES = {
    "prefill": Purpose(
        1,
        "把我填过的姓名、身份证号和地址保存下来，下次办事时自动填好。",
        "Keep the name, identity number and address that I entered, and fill them in next time.",
        (13, 14, 29),
        offered=False,
    ),
    "location": Purpose(
        1,
        "使用我现在的位置，查找附近的服务点。位置不保存。",
        "Use my present position to find service points nearby. It is not kept.",
        (13, 28, 29),
    ),
    "sharing": Purpose(
        1,
        "把我的办件材料提供给其他有关部门，免去重复提交。",
        "Give the papers of my case to other departments concerned, so that I need not hand them in again.",
        (13, 23, 29),
        offered=False,
    ),
    "follow_up": Purpose(
        1,
        "办结后通过短信或微信回访，了解我是否满意。",
        "Ask me by SMS or WeChat afterwards whether I was satisfied.",
        (13, 14),
        offered=False,
    ),
}

WITHDRAWAL = 15
"""The article on withdrawal of consent, which must be as easy as giving it."""


class TextOutdated(Refusal):
    """The text has changed since it was displayed; consent is given to a text, not to a purpose."""

    code = "text_outdated"
    zh = "说明文字已更新，请重新阅读后再确认。"
    en = "The text has changed. Read it again, then decide."


def is_listed(entries: list[dict[str, object]], purpose: str) -> bool:
    """Whether a purpose is displayed: it is offered, or was consented to and could be withdrawn."""
    return PURPOSES[purpose].offered or state_of(entries, purpose) in {"given", "outdated"}


def state_of(entries: list[dict[str, object]], purpose: str) -> str:
    """The state of consent: `given`, `outdated` (given to an older text), `withdrawn` or `none`, by the last entry."""
    last = next((entry for entry in reversed(entries) if entry["purpose"] == purpose), None)
    if last is None:
        return "none"
    if not last["given"]:
        return "withdrawn"
    return "given" if last["text_version"] == PURPOSES[purpose].version else "outdated"
