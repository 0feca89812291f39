"""The templates about an account itself: who was verified, whose number changes, and which accounts were joined."""

from notifications.template import Template, Words

ACCOUNT_TEMPLATES = (
    Template(
        "identity_check",
        1,
        Words(
            sms="窗口正在核验您的身份，确认码{code}，只读给面前的工作人员。不在窗口请勿告诉任何人。",
            title="窗口正在核验您的身份",
            text="确认码 {code}，30 分钟内有效，请读给您面前的工作人员。"
            "如果您不在窗口，不要告诉任何人，并在“我的”里停止。",
        ),
        Words(
            sms="{code}: read it to the officer before you, to nobody else.",
            title="A window is verifying your identity",
            text="Your code is {code}, valid for 30 minutes: read it to the officer before you. If you are at no "
            "window, tell nobody, and stop it under “Me”.",
        ),
    ),
    Template(
        "identity_bound",
        1,
        Words(
            sms="您的账号已核验身份[，{until}与您的另一账号合并，以后用尾号{tail}登录]。非本人请登录停止。",
            title="身份已核验",
            text="您的账号已核验身份[，将于 {until} 与您的另一个账号合并，以后用尾号 {tail} 的手机号登录]。"
            "如果不是您本人办理，请在“我的”里停止，或带身份证到窗口。",
        ),
        Words(
            sms="Your identity was verified. Not you? Log in and stop it.",
            title="Identity verified",
            text="Your account was verified[; on {until} it joins your other account, and you log in with the number "
            "ending in {tail}]. If that was not you, stop it under “Me”, or bring your card to a window.",
        ),
    ),
    Template(
        "identity_bound_elsewhere",
        1,
        Words(
            sms="另一账号用您的身份证核验，{until}合并，以后用尾号{tail}登录。非本人请登录停止。",
            title="您的身份证核验了另一个账号",
            text="有人用您的身份证核验了另一个账号。两个账号将于 {until} 合并，以后用尾号 {tail} 的手机号登录。"
            "如果不是您本人办理，请在“我的”里停止，或带身份证到窗口。",
        ),
        Words(
            sms="Another account was verified as you. Not you? Log in, stop it.",
            title="Another account was verified as you",
            text="Another account was verified with your identity card. On {until} the two are joined, and you log in "
            "with the number ending in {tail}. If that was not you, stop it under “Me”, or bring your card to a "
            "window.",
        ),
    ),
    Template(
        "identity_tried_elsewhere",
        1,
        Words(
            sms="另一账号想用您的身份证号核验，没有通过。是您本人的，请带身份证到窗口。",
            title="另一个账号想用您的身份证号核验",
            text="另一个账号在线填了您的姓名和身份证号，没有通过核验，您的账号没有变化。"
            "如果是您本人的另一个账号，请带身份证到窗口核验，两个账号就会合并；不是您本人的，不用处理。",
        ),
        Words(
            sms="Another account tried to verify as you and was refused.",
            title="Another account tried to verify with your number",
            text="Another account gave your name and identity number online and was refused; nothing changed in "
            "yours. If it is your own, bring your card to a window, which joins the two. If not, you need do nothing.",
        ),
    ),
    Template(
        "verification_stopped",
        1,
        Words(
            sms="您账号的核验或换号申请已于{at}停止。有疑问请带身份证到窗口。",
            title="核验或换号已停止",
            text="您账号的身份核验或更换手机号已经停止。有疑问请带身份证到窗口。",
        ),
        Words(
            sms="Stopped at {at}. Questions? Bring your card.",
            title="Verification or change of number stopped",
            text="The verification of your account, or the change of its number, was stopped. If you have questions, "
            "bring your card to a window.",
        ),
    ),
    Template(
        "phone_change_opened",
        1,
        Words(
            sms="窗口登记把您的手机号改为尾号{tail}，{until}前生效。非本人请马上登录停止。",
            title="正在更换手机号",
            text="窗口登记把您账号的手机号换成尾号 {tail} 的号码，最迟 {until} 生效。"
            "如果不是您本人办理，请马上在“我的”里停止，或带身份证到窗口。",
        ),
        Words(
            sms="Your number changes to …{tail}. Not you? Log in and stop it.",
            title="Your phone number is being changed",
            text="A window is changing your number to one ending in {tail}, by {until} at the latest. If that was not "
            "you, stop it under “Me” at once, or bring your card to a window.",
        ),
    ),
    Template(
        "phone_changed",
        1,
        Words(
            sms="您的手机号已于{at}换成本号码，以后用它登录和收通知。",
            title="手机号已更换",
            text="您的手机号已更换，以后用新号码登录和接收通知，原来的号码不再收到任何通知。",
        ),
        Words(
            sms="This is your number from {at} on: log in with it.",
            title="Phone number changed",
            text="Your phone number has changed: log in with the new one. The number before gets no notice any more.",
        ),
    ),
    Template(
        "accounts_joined",
        1,
        Words(
            sms="您的两个账号已于{at}合并，以后用本号码登录，办件都在一起。",
            title="两个账号已合并",
            text="您的两个账号已合并：办件、草稿、咨询、通知和文件都在这个账号里。",
        ),
        Words(
            sms="Your accounts were joined at {at}. Log in with this number.",
            title="Your accounts were joined",
            text="Your two accounts are one now: cases, drafts, conversations, notices and files are all here.",
        ),
    ),
)
