"""The base of every refusal: a stable code and messages in two languages, without HTTP."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, ClassVar


class Reason(str):
    """Why a field is refused, in Chinese, with its English in `en`: for words that are made in both languages."""

    en: str

    def __new__(cls, zh: str, en: str) -> "Reason":
        """Make one of both."""
        reason = super().__new__(cls, zh)
        reason.en = en
        return reason


class Refusal(Exception):
    """A request that is refused for a reason. `code` never changes; `zh` and `en` say what is wrong and what to do.

    `errors` maps a field to its reasons where the refusal is about input; `retry_after` is in seconds. `subject` is
    whose record or account it is about, as the audit names it (`case:<id>`): noted there, never answered. `more` are
    further members of the answer, e.g. what is allowed instead.
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
        subject: str = "",
        more: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(self.code)
        self.errors = errors
        self.subject = subject
        self.more = more
        self.retry_after = retry_after
        self.words = {"zh": zh or self.zh, "en": en or self.en}


class CannotStart(Exception):
    """A command or the server cannot run on this installation; the message says why and what to do."""


class NotFound(Refusal):
    """It does not exist or belongs to somebody else; the caller is not told which."""

    code = "not_found"
    zh = "没有找到，或者它不属于您。"
    en = "Not found, or not yours."


class BadFields(Refusal):
    """Well-formed input with wrong values; `errors` says which field and why."""

    code = "bad_fields"
    zh = "有几处需要改一改。"
    en = "Some fields need correcting."


@contextmanager
def bad_field(name: str) -> Iterator[None]:
    """Turn a ValueError of the block into BadFields of this field, with its message."""
    try:
        yield
    except ValueError as error:
        raise BadFields({name: [str(error)]}) from None


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
