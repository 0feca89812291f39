"""What notices say: templates with versions, in Chinese and English, for SMS and for the inbox.

`{value}` stands for a value, `{at}` for the time at which the notice was created; a part in `[…]` is left out if one of
its values is empty.

An SMS begins with the registered signature and holds no address of a page, else carriers in China refuse it. It fits
one segment of 70 UTF-16 units if the matter's name can be cut to make it fit. A version that was sent stays here,
because a notice keeps the version it was written in. In one file, so that whoever mends the words reads them all.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from notifications.account_templates import ACCOUNT_TEMPLATES
from notifications.case_templates import CASE_TEMPLATES
from notifications.plan import BEIJING
from notifications.promise_templates import PROMISE_TEMPLATES
from notifications.template import Template, Words, values_in

SIGNATURE = "【新城服务圈】"
ONE_SEGMENT = 70
LANGUAGES = ("zh", "en")
CUT = "…"
OPTIONAL = re.compile(r"\[([^]]*)]")
ISO_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


@dataclass(frozen=True)
class Said:
    """The words of one notice, with its values filled in."""

    sms: str
    title: str
    text: str


def latest(name: str) -> Template:
    """The newest version of a template. Raises KeyError."""
    return max(_versions(name), key=lambda template: template.version)


def version_of(name: str, version: int) -> Template:
    """One version of a template, which need not be the newest. Raises KeyError."""
    return {template.version: template for template in _versions(name)}[version]


def needed(template: Template, values: Mapping[str, object]) -> dict[str, str]:
    """Those of the values that the template needs, as text; more is never kept. Raises ValueError if one is missing."""
    lacking = sorted(name for name in template.needs if values.get(name) is None)
    if lacking:
        raise ValueError(f"{template.name} lacks {', '.join(lacking)}")
    return {name: str(values[name]) for name in sorted(template.needs)}


def say(template: Template, values: Mapping[str, str], language: str, told_at: datetime) -> Said:
    """Fill a template: the SMS, title and text in a language (zh or en), with these values."""
    words = template.words(language)
    filled = {**values, "due": _day(values.get("due", ""), language), "at": f"{told_at.astimezone(BEIJING):%H:%M}"}
    return Said(_sms(words.sms, filled), words.title, _fill(words.text, filled))


def units(text: str) -> int:
    """Length as an SMS counts it: UTF-16 code units, so a rare character is two."""
    return len(text.encode("utf-16-le")) // 2


def _sms(pattern: str, values: Mapping[str, str]) -> str:
    """The SMS, the matter's name cut if that makes it fit one segment."""
    text = SIGNATURE + _fill(pattern, values)
    matter = values.get("matter", "")
    while units(text) > ONE_SEGMENT and len(matter) > 4:
        matter = matter.removesuffix(CUT)[:-1] + CUT
        text = SIGNATURE + _fill(pattern, {**values, "matter": matter})
    return text


def _fill(pattern: str, values: Mapping[str, str]) -> str:
    def whole_or_nothing(part: re.Match[str]) -> str:
        return part[1] if all(values[name] for name in values_in(part[1])) else ""

    return OPTIONAL.sub(whole_or_nothing, pattern).format_map(values)


def _day(due: str, language: str) -> str:
    """2026年12月8日 of 2026-12-08, in Chinese; any other text, and English, as it is."""
    if language == "en" or not ISO_DAY.fullmatch(due):
        return due
    day = date.fromisoformat(due)
    return f"{day.year}年{day.month}月{day.day}日"


def _versions(name: str) -> list[Template]:
    versions = [template for template in TEMPLATES if template.name == name]
    if not versions:
        raise KeyError(name)
    return versions


# The time in `talk_waiting` is there because a third identical SMS to a number within 24 hours is refused.
TEMPLATES = (
    Template(
        "login_code",
        1,
        Words(
            sms="验证码{code}，5分钟内有效。工作人员不会向您索要，请勿告诉他人。",
            title="登录验证码",
            text="验证码已发到您的手机，5 分钟内有效。",
        ),
        Words(
            sms="{code} is your code, valid for 5 minutes. Tell nobody.",
            title="Log-in code",
            text="A code was sent to your phone. It is valid for 5 minutes.",
        ),
    ),
    Template(
        "case_submitted",
        1,
        Words(
            sms="您的“{matter}”已提交，办件号{number}。是否受理，我们会再告诉您。",
            title="申请已提交",
            text="“{matter}”已提交，办件号 {number}。窗口看过材料后，会告诉您是否受理。",
        ),
        Words(
            sms="{matter}: submitted, case {number}.",
            title="Application submitted",
            text="“{matter}” is submitted; your case number is {number}. The window will check it and tell you.",
        ),
    ),
    Template(
        "case_accepted",
        1,
        Words(
            sms="您的“{matter}”已受理，办件号{number}[，最迟{due}办结]。",
            title="申请已受理",
            text="“{matter}”（{number}）已受理[，最迟 {due} 办结]。办理期间有新进展会告诉您。",
        ),
        Words(
            sms="{matter}: accepted[, due {due}], case {number}.",
            title="Application accepted",
            text="“{matter}” ({number}) is accepted[ and will be decided by {due} at the latest].",
        ),
    ),
    Template(
        "case_deemed_accepted",
        1,
        Words(
            sms="您的“{matter}”自提交之日起视为已受理，办件号{number}。",
            title="申请视为已受理",
            text="窗口没有在期限内答复，“{matter}”（{number}）依法自收到材料之日起视为已受理，您不用再做什么。",
        ),
        Words(
            sms="{matter}: deemed accepted, case {number}.",
            title="Application deemed accepted",
            text="The window did not answer in time, so “{matter}” ({number}) counts as accepted by law from the "
            "day it was received. You need do nothing.",
        ),
    ),
    Template(
        "supplement_requested",
        1,
        Words(
            sms="您的“{matter}”有{count}项材料要补，请登录后一次补齐。办件号{number}",
            title="请补充材料",
            text="“{matter}”（{number}）有 {count} 项材料需要补充。请打开办件，按清单一次补齐；补齐后窗口接着办。",
        ),
        Words(
            sms="{matter}: {count} item(s) to add, log in. {number}",
            title="Something is missing",
            text="“{matter}” ({number}) lacks {count} item(s). Open the case and add them all at once; "
            "the window then goes on.",
        ),
    ),
    Template(
        "case_declined",
        1,
        Words(
            sms="您的“{matter}”不予受理，原因和下一步请登录后查看。办件号{number}",
            title="申请不予受理",
            text="“{matter}”（{number}）不予受理。请打开办件看原因和下一步怎么办；不清楚可以直接问窗口。",
        ),
        Words(
            sms="{matter}: not accepted, log in for why. {number}",
            title="Application not accepted",
            text="“{matter}” ({number}) was not accepted. Open the case to read why and what to do next; "
            "you can ask the window there.",
        ),
    ),
    Template(
        "case_withdrawn",
        1,
        Words(
            sms="您的“{matter}”已撤回，办件号{number}。需要时可以重新申请。",
            title="申请已撤回",
            text="“{matter}”（{number}）已按您的要求撤回。需要时可以重新申请。",
        ),
        Words(
            sms="{matter}: withdrawn, case {number}.",
            title="Application withdrawn",
            text="“{matter}” ({number}) is withdrawn as you asked. You can apply again at any time.",
        ),
    ),
    Template(
        "case_granted",
        1,
        Words(
            sms="您的“{matter}”已准予许可，证照制好后通知您。办件号{number}",
            title="准予许可",
            text="“{matter}”（{number}）已准予许可。证照正在制作，制好后会告诉您怎么领取。",
        ),
        Words(
            sms="{matter}: granted, case {number}.",
            title="Granted",
            text="“{matter}” ({number}) is granted. The licence is being made; we will tell you when it is ready.",
        ),
    ),
    Template(
        "case_refused",
        1,
        Words(
            sms="您的“{matter}”不予许可，理由和救济途径请登录后查看。办件号{number}",
            title="不予许可",
            text="“{matter}”（{number}）不予许可。请打开办件看理由，以及如何申请行政复议或者提起行政诉讼。",
        ),
        Words(
            sms="{matter}: refused, log in for why. {number}",
            title="Refused",
            text="“{matter}” ({number}) is refused. Open the case to read the reasons and how to appeal.",
        ),
    ),
    Template(
        "result_issued",
        1,
        Words(
            sms="您的“{matter}”证照已制好，领取方式请登录后查看。办件号{number}",
            title="证照已制好",
            text="“{matter}”（{number}）的证照已制好，将按您选的方式交给您。",
        ),
        Words(
            sms="{matter}: the licence is ready. {number}",
            title="Licence ready",
            text="The licence for “{matter}” ({number}) is ready and comes to you the way you chose.",
        ),
    ),
    Template(
        "parcel_sent",
        1,
        Words(
            sms="办件{number}的证照已交{carrier}寄出，运单号{waybill}。",
            title="证照已寄出",
            text="办件 {number} 的证照已交{carrier}寄出，运单号 {waybill}。到哪儿了，可以在办件里看。",
        ),
        Words(
            sms="Case {number}: sent by {carrier}, {waybill}.",
            title="Licence on its way",
            text="The licence of case {number} was sent by {carrier}, waybill {waybill}. Follow it in the case.",
        ),
    ),
    Template(
        "parcel_out_for_delivery",
        1,
        Words(
            sms="办件{number}的快递正在派送，请保持电话畅通，当面验收。",
            title="快递正在派送",
            text="办件 {number} 的快递正在派送，请保持电话畅通，当面打开看清楚再签收。",
        ),
        Words(
            sms="Case {number}: out for delivery today.",
            title="Out for delivery",
            text="The parcel of case {number} is out for delivery. Look at what is in it before you sign.",
        ),
    ),
    Template(
        "parcel_delivered",
        1,
        Words(
            sms="办件{number}的快递已签收。如果不是您本人收到，请登录后告诉我们。",
            title="快递已签收",
            text="办件 {number} 的快递已签收。请在办件里确认收到；如果您没有收到，也在那里告诉我们。",
        ),
        Words(
            sms="Case {number}: delivered. Not to you? Log in.",
            title="Delivered",
            text="The parcel of case {number} was delivered. Confirm it in the case, or say there that it is not "
            "with you.",
        ),
    ),
    Template(
        "case_handed_over",
        1,
        Words(
            sms="您的“{matter}”证照已送达，办件号{number}。",
            title="证照已送达",
            text="“{matter}”（{number}）的证照已送达，感谢您的耐心。",
        ),
        Words(
            sms="{matter}: handed over, case {number}.",
            title="Handed over",
            text="The licence for “{matter}” ({number}) was handed over.",
        ),
    ),
    Template(
        "report_settled",
        1,
        Words(
            sms="您反映的问题已于{at}处理，请登录查看结果。",
            title="您反映的问题已处理",
            text="您反映的“{about}”的问题已经处理：{words}",
        ),
        Words(
            sms="What you reported was dealt with at {at}. Log in to read more.",
            title="Your report was dealt with",
            text="Your report on {about} was dealt with: {words}",
        ),
    ),
    Template(
        "talk_promise_due",
        1,
        Words(
            sms="有群众留言要在{until}前答复，请尽快处理。",
            title="留言快到答复时间",
            text="有一条留言承诺在 {until} 前答复，还没有人回复，请尽快处理。",
        ),
        Words(
            sms="An answer is promised by {until}. Please give it.",
            title="A promised answer is due",
            text="A message was promised an answer by {until}, and nobody has answered yet.",
        ),
    ),
    Template(
        "talk_promise_overdue",
        1,
        Words(
            sms="有群众留言超过承诺时间{until}仍未答复，请督办。",
            title="留言超时未答复",
            text="有一条留言承诺在 {until} 前答复，现在仍没有人回复，请督办。",
        ),
        Words(
            sms="An answer is overdue since {until}. See to it.",
            title="A promised answer is overdue",
            text="A message was promised an answer by {until}; nobody has answered it. Please see to it.",
        ),
    ),
    Template(
        "security_alarm",
        1,
        Words(
            sms="安全告警：{what}，10分钟内{count}次，请到工作台查看。",
            title="安全告警",
            text="最近 10 分钟内「{what}」出现 {count} 次，请到审计中查看是谁、从哪里来，并按处置预案办理。",
        ),
        Words(
            sms="{event}: {count} in 10 minutes.",
            title="Security alarm",
            text="{event}: {count} in the last 10 minutes. See in the audit who it was and from where, and act on it.",
        ),
    ),
    Template(
        "talk_waiting",
        1,
        Words(
            sms="您的咨询在{at}有{count}条新消息，请登录后查看。",
            title="咨询有新消息",
            text="您的咨询有 {count} 条新消息，点这里接着聊。",
        ),
        Words(
            sms="{count} new message(s) in your consultation at {at}. Log in.",
            title="New messages",
            text="You have {count} new message(s) in your consultation.",
        ),
    ),
    *ACCOUNT_TEMPLATES,
    *CASE_TEMPLATES,
    *PROMISE_TEMPLATES,
)
