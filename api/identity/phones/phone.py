"""The refusals of a change of phone number."""

from api.refusals import Refusal


class PhoneTaken(Refusal):
    """The new number is that of another account with something in it, or of another verified person."""

    code = "phone_taken"
    zh = (
        "这个手机号已经有账号了。如果那也是您的账号，请用它登录并核验身份，两个账号会合并；"
        "如果是别人以前用过的号码，请带身份证到窗口更换。"
    )
    en = (
        "Another account has this number. If it is yours, log in with it and verify your identity: the two are then "
        "joined. If somebody had the number before you, bring your card to a window."
    )
