"""The refusals of this package. They have the shape of those in `api` and `chat`, but know neither them nor HTTP."""

from typing import ClassVar


class Refusal(Exception):
    """Base of the refusals: a stable `code`, words in two languages; `errors` by field, `retry_after` in seconds.

    `subject` is whose notice it is about, as the audit names it (`notice:<id>`): noted there, never answered.
    """

    code: ClassVar[str] = "refused"
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
    """Something that does not exist or is not this person's: the answer is the same for both."""

    code = "not_found"
    zh = "没有找到，或者它不属于您。"
    en = "Not found, or not yours."


class BadCursor(Refusal):
    """A cursor that is not one of ours, which are UUIDs."""

    code = "bad_cursor"
    zh = "翻页标记不对，请从第一页开始。"
    en = "The cursor is not one of ours. Start from the first page."


class NotResendable(Refusal):
    """The notice did not fail for good, or is out of date, and so is not sent again."""

    code = "notice_not_resendable"
    zh = "这条通知不能重发：它没有发送失败，或者已经过了时效。请刷新后再看。"
    en = "This notice is not sent again: it has not failed, or it is out of date. Reload to see its state."


class SignatureBad(Refusal):
    """A callback without the provider's signature over exactly this address and content."""

    code = "signature_bad"
    zh = "签名不对，没有接收。请核对 PUBLIC_BASE 和密钥。"
    en = "The signature is wrong, nothing was taken. Check PUBLIC_BASE and the secret."
