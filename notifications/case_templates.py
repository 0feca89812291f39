"""The templates about drafts and about what came of a case, in the words of its kind: a permit, a filing, a benefit."""

from notifications.template import Template, Words

CASE_TEMPLATES = (
    Template(
        "draft_ends",
        1,
        Words(
            sms="您的“{matter}”申请还没提交，草稿保留到{due}，过后删除。",
            title="草稿快到期了",
            text="“{matter}”的申请还没有提交。草稿保留到 {due}，过后连同填写的内容和上传的文件一起删除。"
            "改动一处，就再留 30 天。",
        ),
        Words(
            sms="{matter}: your draft is kept until {due}.",
            title="A draft is about to end",
            text="Your application for “{matter}” is not submitted yet. The draft is kept until {due}; then it is "
            "deleted with what you filled in and uploaded. Any change keeps it 30 days more.",
        ),
    ),
    Template(
        "case_deemed_accepted",
        2,
        Words(
            sms="您的“{matter}”自收到材料之日起视为已受理，办件号{number}。",
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
        "case_deferred",
        1,
        Words(
            sms="您的“{matter}”已容缺受理，办件号{number}，还要补交材料[，最迟{due}]。",
            title="申请已容缺受理",
            text="“{matter}”（{number}）已容缺受理。还要补交：{materials}[，最迟 {due}]。补来以前不出结果，逾期不补，"
            "申请终止。",
        ),
        Words(
            sms="{matter}: accepted, papers due[ {due}], {number}.",
            title="Accepted, some to follow",
            text="“{matter}” ({number}) is accepted. Still to bring[ by {due}]: {materials}. The result is held until "
            "then; without it the application ends.",
        ),
    ),
    Template(
        "deferral_due",
        1,
        Words(
            sms="办件{number}还有材料没补交，最迟{due}，逾期申请终止。",
            title="后补的材料快到期了",
            text="“{matter}”（{number}）还没有补交：{materials}。最迟 {due}，逾期不补，申请终止。",
        ),
        Words(
            sms="Case {number}: bring what is missing by {due}.",
            title="Bring what was to follow",
            text="“{matter}” ({number}): still to bring by {due}: {materials}. Without it the application ends.",
        ),
    ),
    Template(
        "deferral_again",
        1,
        Words(
            sms="办件{number}补来的材料不合格，请再补交[，最迟{due}]。",
            title="补来的材料要再补",
            text="“{matter}”（{number}）补来的材料不合格，请再补交：{materials}[，最迟 {due}]。原因请打开办件查看。",
        ),
        Words(
            sms="Case {number}: bring a paper again[ by {due}].",
            title="Bring it again",
            text="“{matter}” ({number}): what you brought is not in order. Bring again[ by {due}]: {materials}. "
            "Open the case to see why.",
        ),
    ),
    Template(
        "promise_checked",
        1,
        Words(
            sms="办件{number}的告知承诺已核查，结果请登录后查看。",
            title="承诺已核查",
            text="“{matter}”（{number}）的告知承诺已经核查，结果请打开办件查看。",
        ),
        Words(
            sms="Case {number}: your promise was checked, log in.",
            title="Promise checked",
            text="The promise in “{matter}” ({number}) was checked. Open the case to see what came of it.",
        ),
    ),
    Template(
        "case_due_changed",
        1,
        Words(
            sms="办件{number}的期限有变动[，最迟{due}办结]，原因请登录后查看。",
            title="办理期限有变动",
            text="“{matter}”（{number}）：{about}",
        ),
        Words(
            sms="Case {number}: new time limit[, due {due}], log in.",
            title="Time limit changed",
            text="“{matter}” ({number}): {about_en}",
        ),
    ),
    Template(
        "supplement_requested",
        2,
        Words(
            sms="您的“{matter}”有{count}项材料要补[，最迟{due}]，请登录后一次补齐。办件号{number}",
            title="请补充材料",
            text="“{matter}”（{number}）有 {count} 项材料需要补充[，请最迟 {due} 补齐]。请打开办件，按清单一次补齐；"
            "补齐后窗口接着办。",
        ),
        Words(
            sms="{matter}: {count} item(s) to add[ by {due}]. {number}",
            title="Something is missing",
            text="“{matter}” ({number}) lacks {count} item(s)[, to be added by {due}]. Open the case and add them all "
            "at once; the window then goes on.",
        ),
    ),
    Template(
        "supplement_near",
        1,
        Words(
            sms="办件{number}的材料还没有补齐，最迟{due}。",
            title="补材料的时间快到了",
            text="“{matter}”（{number}）的材料还没有补齐，请最迟 {due} 补齐。",
        ),
        Words(
            sms="Case {number}: add what is missing by {due}.",
            title="Papers still missing",
            text="“{matter}” ({number}) still lacks papers: please add them by {due}.",
        ),
    ),
    Template(
        "supplement_over",
        1,
        Words(
            sms="办件{number}补材料的时间{due}已过，请尽快补齐或联系窗口。",
            title="补材料的时间已过",
            text="“{matter}”（{number}）补材料的时间到 {due} 为止，已经过了。申请没有因此结束：还可以补齐，"
            "不办了可以撤回。",
        ),
        Words(
            sms="Case {number}: papers were due {due}, add them.",
            title="Papers overdue",
            text="“{matter}” ({number}): the papers were to be added by {due}. Your application has not ended: you can "
            "still add them, or withdraw it.",
        ),
    ),
    Template(
        "papers_not_brought",
        1,
        Words(
            sms="办件{number}的材料到{due}没有补来。",
            title="材料没有补来",
            text="“{matter}”（{number}）的申请人到 {due} 没有补齐材料。申请没有因此结束：请联系申请人。",
        ),
        Words(
            sms="Case {number}: papers not brought by {due}.",
            title="Papers not brought",
            text="“{matter}” ({number}): what is missing was not brought by {due}. The application has not ended: "
            "please get in touch with the applicant.",
        ),
    ),
    Template(
        "case_near_due",
        1,
        Words(
            sms="办件{number}快到期，最迟{due}。",
            title="办件快到期",
            text="“{matter}”（{number}）的{limit}快到了，最迟 {due}。",
        ),
        Words(
            sms="Case {number} is near due: {due}.",
            title="Near due",
            text="“{matter}” ({number}): the {limit_en} ends on {due}.",
        ),
    ),
    Template(
        "case_overdue",
        1,
        Words(
            sms="办件{number}已超期，{due}到期。",
            title="办件已超期",
            text="“{matter}”（{number}）已超过{limit}，{due} 到期。请尽快办理，并向申请人说明原因。",
        ),
        Words(
            sms="Case {number} is overdue since {due}.",
            title="Overdue",
            text="“{matter}” ({number}) is past the {limit_en}, which ended on {due}.",
        ),
    ),
    Template(
        "case_granted",
        2,
        Words(
            sms="您的“{matter}”{outcome}，{result}办好后通知您。办件号{number}",
            title="已作出决定",
            text="“{matter}”（{number}）{outcome}。{result}正在办，办好后会告诉您怎么领取。",
        ),
        Words(
            sms="{matter}: {outcome_en}, case {number}.",
            title="Decided",
            text="“{matter}” ({number}): {outcome_en}. We will tell you when the {result_en} is ready.",
        ),
    ),
    Template(
        "case_refused",
        2,
        Words(
            sms="您的“{matter}”{outcome}，理由和救济途径请登录后查看。办件号{number}",
            title="已作出决定",
            text="“{matter}”（{number}）{outcome}。请打开办件看理由，以及如何申请行政复议或者提起行政诉讼。",
        ),
        Words(
            sms="{matter}: {outcome_en}, log in for why. {number}",
            title="Decided",
            text="“{matter}” ({number}): {outcome_en}. Open the case to read the reasons and how to appeal.",
        ),
    ),
    Template(
        "result_issued",
        2,
        Words(
            sms="您的“{matter}”{result}已办好，领取方式请登录后查看。办件号{number}",
            title="结果已办好",
            text="“{matter}”（{number}）的{result}已办好，将按您选的方式交给您。",
        ),
        Words(
            sms="{matter}: the {result_en} is ready. {number}",
            title="Result ready",
            text="The {result_en} for “{matter}” ({number}) is ready and comes to you the way you chose.",
        ),
    ),
    Template(
        "case_handed_over",
        2,
        Words(
            sms="您的“{matter}”{result}已送达，办件号{number}。",
            title="结果已送达",
            text="“{matter}”（{number}）的{result}已送达，感谢您的耐心。",
        ),
        Words(
            sms="{matter}: handed over, case {number}.",
            title="Handed over",
            text="The {result_en} for “{matter}” ({number}) was handed over.",
        ),
    ),
    Template(
        "parcel_sent",
        2,
        Words(
            sms="办件{number}的结果已交{carrier}寄出，运单号{waybill}。",
            title="结果已寄出",
            text="办件 {number} 的结果已交{carrier}寄出，运单号 {waybill}。到哪儿了，可以在办件里看。",
        ),
        Words(
            sms="Case {number}: sent by {carrier}, {waybill}.",
            title="Result on its way",
            text="The result of case {number} was sent by {carrier}, waybill {waybill}. Follow it in the case.",
        ),
    ),
    Template(
        "procedure_started",
        1,
        Words(
            sms="您的“{matter}”进入特别程序：{about}。办件号{number}",
            title="特别程序开始",
            text="“{matter}”（{number}）进入特别程序：{about}。办件里可以看到这期间是否计时。",
        ),
        Words(
            sms="{matter}: special procedure begins. {number}",
            title="A special procedure begins",
            text="“{matter}” ({number}): a special procedure begins: {about_en}. The case says whether time runs "
            "meanwhile.",
        ),
    ),
    Template(
        "procedure_ended",
        1,
        Words(
            sms="您的“{matter}”特别程序（{about}）结束[，最迟{due}办结]。办件号{number}",
            title="特别程序结束",
            text="“{matter}”（{number}）的特别程序（{about}）结束[，最迟 {due} 办结]。",
        ),
        Words(
            sms="{matter}: special procedure ended. {number}",
            title="The special procedure has ended",
            text="“{matter}” ({number}): the special procedure ({about_en}) has ended[; to be done by {due}].",
        ),
    ),
    Template(
        "limit_extended",
        1,
        Words(
            sms="您的“{matter}”经批准延长{about}[，最迟{due}办结]，理由见办件。{number}",
            title="办理期限延长",
            text="“{matter}”（{number}）的办理期限经批准延长 {about}[，最迟 {due} 办结]。理由请打开办件看。",
        ),
        Words(
            sms="{matter}: time limit extended. {number}",
            title="The time limit is extended",
            text="The time limit of “{matter}” ({number}) is extended by {about_en}[, to {due}]. Open the case to read "
            "why.",
        ),
    ),
    Template(
        "case_finished",
        1,
        Words(
            sms="您的“{matter}”已当场办结：{outcome}。办件号{number}",
            title="已当场办结",
            text="“{matter}”（{number}）已当场受理并办结：{outcome}。决定和结果请打开办件看。",
        ),
        Words(
            sms="{matter}: done at once, {outcome_en}. {number}",
            title="Done on the spot",
            text="“{matter}” ({number}) was accepted and done on the spot: {outcome_en}. Open the case to read more.",
        ),
    ),
    Template(
        "case_terminated",
        1,
        Words(
            sms="您的“{matter}”已终止办理，原因请登录后查看。办件号{number}",
            title="已终止办理",
            text="“{matter}”（{number}）已终止办理[：{about}]。说明请打开办件看；需要时可以重新申请，不清楚可以直接问窗口。",
        ),
        Words(
            sms="{matter}: ended without a decision. {number}",
            title="Ended without a decision",
            text="“{matter}” ({number}) was ended without a decision[: {about_en}]. Open the case to read why; you can "
            "apply again, or ask the window there.",
        ),
    ),
    Template(
        "case_corrected",
        1,
        Words(
            sms="您的“{matter}”有一处更正，请登录后查看。办件号{number}",
            title="办件有更正",
            text="“{matter}”（{number}）有一处更正。{about}。",
        ),
        Words(
            sms="{matter}: something was corrected. {number}",
            title="Something was corrected",
            text="Something was corrected in “{matter}” ({number}). {about_en}.",
        ),
    ),
    Template(
        "result_reissued",
        1,
        Words(
            sms="您的“{matter}”{result}已重新制作，领取方式请登录后看。{number}",
            title="结果已重新制作",
            text="“{matter}”（{number}）的{result}已重新制作，{about}。理由和领取方式请打开办件看。",
        ),
        Words(
            sms="{matter}: the {result_en} was made anew. {number}",
            title="Made anew",
            text="The {result_en} of “{matter}” ({number}) was made anew; {about_en}. Open the case to read why.",
        ),
    ),
)
