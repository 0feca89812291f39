"""The templates about what follows of a promise that was found untrue (告知承诺), to applicants and to officers."""

from notifications.template import Template, Words

PROMISE_TEMPLATES = (
    Template(
        "rectification_ordered",
        1,
        Words(
            sms="办件{number}核查承诺不实，须限期整改，请登录后查看。",
            title="要求限期整改",
            text="“{matter}”（{number}）核查发现承诺不实，要求{about}；逾期没有整改到位的，可以撤销决定。整改要求请打开办件查看。",
        ),
        Words(
            sms="Case {number}: put right what you promised, log in.",
            title="Put it right",
            text="What was promised in “{matter}” ({number}) was found untrue. {about_en}; else the decision may be "
            "revoked. Open the case to see what is to be put right.",
        ),
    ),
    Template(
        "rectification_near",
        1,
        Words(
            sms="办件{number}的整改期限快到了，最迟{due}。",
            title="整改期限快到了",
            text="“{matter}”（{number}）的整改最迟 {due}到位；逾期的，可以撤销决定。",
        ),
        Words(
            sms="Case {number}: to be put right by {due}.",
            title="The time to put it right ends soon",
            text="“{matter}” ({number}) is to be put right by {due}; else the decision may be revoked.",
        ),
    ),
    Template(
        "rectification_over",
        1,
        Words(
            sms="办件{number}的整改期限到{due}，窗口会来复查。",
            title="整改期限到了",
            text="“{matter}”（{number}）的整改期限已到（{due}），接下来会复查整改情况。",
        ),
        Words(
            sms="Case {number}: the time to put it right is over.",
            title="The time to put it right is over",
            text="“{matter}” ({number}) was to be put right by {due}. It is now looked at.",
        ),
    ),
    Template(
        "rectification_to_check",
        1,
        Words(
            sms="办件{number}整改期限{due}已到，请复查。",
            title="整改期限到了，请复查",
            text="“{matter}”（{number}）的整改期限到 {due}，请复查：已整改到位的，决定继续有效；没有的，可以撤销决定。",
        ),
        Words(
            sms="Case {number}: check what was put right.",
            title="Check what was put right",
            text="“{matter}” ({number}) was to be put right by {due}. Check it: else the decision may be revoked.",
        ),
    ),
    Template(
        "rectification_checked",
        1,
        Words(
            sms="办件{number}的整改已复查：{about}。",
            title="整改已复查",
            text="“{matter}”（{number}）的整改已经复查：{about}。详情请打开办件查看。",
        ),
        Words(
            sms="Case {number}: what was put right was checked.",
            title="Checked",
            text="What was to be put right in “{matter}” ({number}) was checked: {about_en}. Open the case for more.",
        ),
    ),
    Template(
        "decision_revoked",
        1,
        Words(
            sms="您的“{matter}”决定已撤销，理由请登录后查看。办件号{number}",
            title="决定已撤销",
            text="“{matter}”（{number}）的决定已撤销，{about}。理由和救济途径请打开办件看，不清楚可以直接问窗口。",
        ),
        Words(
            sms="{matter}: the decision was revoked. {number}",
            title="Decision revoked",
            text="The decision of “{matter}” ({number}) was revoked. {about_en}. Open the case to read why and how to "
            "appeal, or ask the window there.",
        ),
    ),
)
