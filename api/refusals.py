"""The base of every refusal: a reason with a stable code and words in two languages, and no HTTP in it."""

from typing import ClassVar


class Refusal(Exception):
    """A clear no. `code` never changes; `zh` and `en` say what is wrong and what to do next.

    `errors` maps a field to its reasons where the refusal is about input; `retry_after` is in seconds.
    """

    code: ClassVar[str] = "refused"
    zh: ClassVar[str] = "这一步现在办不了。"
    en: ClassVar[str] = "This cannot be done now."

    def __init__(
        self,
        errors: dict[str, list[str]] | None = None,
        *,
        retry_after: int | None = None,
        zh: str | None = None,
        en: str | None = None,
    ) -> None:
        super().__init__(self.code)
        self.errors = errors
        self.retry_after = retry_after
        self.words = {"zh": zh or self.zh, "en": en or self.en}


class CannotStart(Exception):
    """A command or the server cannot go on with this installation; the message says why and what to do, in words."""


class NotFound(Refusal):
    """Not there, or not this person's: both look the same from outside."""

    code = "not_found"
    zh = "没有找到，或者它不属于您。"
    en = "Not found, or not yours."


class BadFields(Refusal):
    """The shape was right, the facts were not; `errors` says which field and why."""

    code = "bad_fields"
    zh = "有几处需要改一改。"
    en = "Some fields need correcting."


class VersionMissing(Refusal):
    """A change must name the version that it was made against (RFC 6585, 428)."""

    code = "version_missing"
    zh = "请带上 If-Match,说明您改的是哪个版本。"
    en = "Send If-Match with the version you changed."


class VersionStale(Refusal):
    """Somebody else changed it first (RFC 9110, 412)."""

    code = "version_stale"
    zh = "内容刚刚被更新过，请刷新后再改。"
    en = "It has changed meanwhile. Reload, then try again."
