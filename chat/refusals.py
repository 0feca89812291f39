"""Every refusal of the chat, one exception per reason: a stable code and texts in two languages, and no HTTP."""

from typing import ClassVar


class Refusal(Exception):
    """Base of the refusals. `code` never changes; `zh` and `en` say what is wrong and what to do next.

    `errors` maps a field to its reasons if the refusal is about input; `retry_after` is in seconds. A `passing` refusal
    is no final answer: the same is sent again. `subject` is whose record it is about, as the audit names it
    (`talk:<id>`): noted there, never answered.
    """

    code: ClassVar[str] = "refused"
    passing: ClassVar[bool] = False
    zh: ClassVar[str] = "这一步现在办不了。"
    en: ClassVar[str] = "This cannot be done now."

    def __init__(
        self, errors: dict[str, list[str]] | None = None, *, retry_after: int | None = None, subject: str = ""
    ) -> None:
        super().__init__(self.code)
        self.errors = errors
        self.subject = subject
        self.retry_after = retry_after
        self.words = {"zh": self.zh, "en": self.en}


class NotFound(Refusal):
    """Something that does not exist, or that this person may not see: the answer is the same for both."""

    code = "not_found"
    zh = "没有找到这段咨询，或者它不属于您。"
    en = "This conversation was not found, or is not yours."


class CaseNotFound(Refusal):
    """A case that does not exist, or that one side of the conversation may not see."""

    code = "not_found"
    zh = "没有找到这个办件，或者它不是这位群众的。"
    en = "This case was not found, or is not this citizen's."


class CaseNumberSlip(Refusal):
    """The check digits of a case number do not fit, so it is nobody's; the office knows it by itself."""

    code = "number_slip"
    zh = "这个编号抄错了一处，请对照回执逐位核对。"
    en = "This number has a slip: some sign is wrong, missing or swapped. Compare it with the receipt."


class BadFields(Refusal):
    """Invalid input; `errors` says which field and why."""

    code = "bad_fields"
    zh = "有几处需要改一改。"
    en = "Some fields need correcting."


class BadCursor(Refusal):
    """A cursor that no list of ours gave out."""

    code = "bad_cursor"
    zh = "翻页标记不对，请从第一页开始。"
    en = "The cursor is not one of ours. Start from the first page."


class VersionStale(Refusal):
    """The conversation or canned reply has another version than the request names (RFC 9110, 412)."""

    code = "version_stale"
    zh = "这段咨询刚刚有变化，请刷新后再试。"
    en = "The conversation has changed meanwhile. Reload, then try again."


class TokenBad(Refusal):
    """The token of a connection is missing, unknown, expired or revoked."""

    code = "token_bad"
    passing = True
    zh = "登录已过期，请重新登录。"
    en = "Your log-in has expired. Log in again."


class RoleWrong(Refusal):
    """The role of the actor does not allow it."""

    code = "role_wrong"
    zh = "您的岗位不能做这件事。"
    en = "Your role may not do this."


class ConversationClosed(Refusal):
    """A closed conversation takes no messages and cannot be claimed; it can be reopened."""

    code = "conversation_closed"
    zh = "这次咨询已结束。需要继续的话，请先点“继续咨询”。"
    en = "This conversation is closed. Reopen it to go on."


class ClaimFirst(Refusal):
    """Staff answer in a conversation only after claiming it."""

    code = "claim_first"
    zh = "请先接入这段咨询，再回复。"
    en = "Claim this conversation before you answer in it."


class NotTheOfficer(Refusal):
    """The act is for the officer who has the conversation (a block: also for overseers of its desk)."""

    code = "not_the_officer"
    zh = "这段咨询由另一位同事负责。可以写内部备注，或请同事转给您。"
    en = "A colleague has this conversation. Write a note, or ask for a transfer."


class AlreadyClaimed(Refusal):
    """Another officer claimed it first."""

    code = "already_claimed"
    zh = "这段咨询刚刚被同事接入了，请接下一位。"
    en = "A colleague has just claimed this conversation. Take the next one."


class AlreadyRated(Refusal):
    """A conversation is rated once."""

    code = "already_rated"
    zh = "您已经评价过这次咨询，谢谢。"
    en = "You have already rated this conversation. Thank you."


class Blocked(Refusal):
    """A block is in force: this citizen may not write to this desk for some hours."""

    code = "blocked"
    zh = (
        "您向这个窗口发消息的功能已暂停，到期自动恢复。以前的记录照常查看，办件不受影响；"
        "急事请到窗口或拨打 12345。认为处理不当的，可向窗口负责人或 12345 投诉。"
    )
    en = (
        "Writing to this desk is suspended for you and comes back by itself. You can still read, and your cases go on. "
        "For urgent matters visit the window or call 12345, where you can also complain about this."
    )


class AlreadyBlocked(Refusal):
    """A block is in force already: lift it first."""

    code = "already_blocked"
    zh = "已经暂停了对方的发言，要改时间请先解除。"
    en = "This citizen is blocked already. Lift that block first."


class TooOften(Refusal):
    """The rate limit of one person's messages or one connection's events."""

    code = "too_often"
    passing = True
    zh = "发送太频繁，请稍等一会儿再发。"
    en = "Too fast. Wait a moment, then go on."


class TooManyLines(Refusal):
    """So many websockets are open, of this person, of their network address or in all, that there is no room."""

    code = "too_many_lines"
    zh = "同时打开的窗口太多，请关掉几个再试。"
    en = "Too many windows are open at once. Close some, then try again."


class AtCapacity(Refusal):
    """The officer holds as many conversations as their capacity."""

    code = "at_capacity"
    zh = "同时接待的人数已满，请先结束一段咨询，或调高接待上限。"
    en = "The officer's capacity is reached. Close a conversation first, or raise the capacity."


class OfficerAway(Refusal):
    """The officer to whom a conversation is to be transferred is not there."""

    code = "officer_away"
    zh = "这位同事现在不在线，请换一位，或转给窗口排队。"
    en = "This colleague is not here now. Choose another one, or transfer to a desk."


class WrongState(Refusal):
    """The act is not possible in the present state, of the conversation or of the desk's canned replies."""

    code = "wrong_state"
    zh = "这段咨询当前的状态办不了这一步，请刷新看看。"
    en = "The conversation is not in a state for this. Reload to see it."


class ReopenTooLate(Refusal):
    """A conversation can be reopened for seven days after its closing."""

    code = "reopen_too_late"
    zh = "这次咨询结束已超过 7 天，请发起新的咨询。"
    en = "This conversation was closed more than 7 days ago. Start a new one."


class Unavailable(Refusal):
    """It was not stored, or that is not known: retry, a post with the same client_id, which is idempotent."""

    code = "unavailable"
    passing = True
    zh = "系统暂时繁忙，请稍后再试。"
    en = "Temporarily unavailable. Try again."


class EarlierUnknown(Refusal):
    """An earlier post of this connection has no durable answer yet, so that this one would overtake it.

    `earlier` is the client id of the post that comes first: send from there again, in the old order. Who gives that
    post up begins a new connection.
    """

    code = "earlier_unknown"
    passing = True
    zh = "前一条消息还没有发成功，请先重发那一条，再发这一条。"
    en = "An earlier message has not been stored yet. Send that one again first, then this one."

    def __init__(self, earlier: str) -> None:
        super().__init__(retry_after=1)
        self.earlier = earlier
