"""All error responses are made here: refusals become RFC 9457 `application/problem+json`."""

import logging
import re
from collections.abc import Callable
from functools import lru_cache
from typing import Any, Protocol

from flask import Flask, Response, g, json, request
from werkzeug.datastructures import LanguageAccept
from werkzeug.exceptions import HTTPException
from werkzeug.http import parse_accept_header

from api.web.field_words import field_words

log = logging.getLogger("circle.http")

STATUS: dict[int, frozenset[str]] = {
    400: frozenset({"malformed", "checksum_unknown", "key_missing", "bad_cursor", "method_override_wrong"}),
    401: frozenset(
        {
            "token_missing",
            "token_bad",
            "code_wrong",
            "password_wrong",
            "refresh_bad",
            "wechat_code_wrong",
            "identity_needed",
            "identity_wrong",
            "totp_needed",
            "totp_wrong",
            "first_password_over",
        }
    ),
    403: frozenset(
        {
            "verification_needed",
            "mandate_ended",
            "at_window_only",
            "wechat_blocked",
            "role_wrong",
            "approver_wrong",
            "fresh_proof_needed",
            "signature_bad",
            "blocked",
        }
    ),
    404: frozenset({"not_found", "number_slip", "address_bad"}),
    409: frozenset(
        {
            "key_in_flight",
            "job_not_parked",
            "phone_needed",
            "name_confirmed",
            "verified_as_other",
            "bound_elsewhere",
            "verification_over",
            "second_officer_needed",
            "objection_too_late",
            "phone_taken",
            "verify_at_window",
            "text_outdated",
            "case_open",
            "totp_exists",
            "username_taken",
            "last_admin",
            "no_recovery",
            "second_admin_needed",
            "offset_wrong",
            "file_in_use",
            "draft_submitted",
            "desk_elsewhere",
            "act_not_allowed",
            "not_aided",
            "told_by_another",
            "held_by_other",
            "told_once",
            "not_claimed",
            "result_held",
            "deferral_asked",
            "nothing_deferred",
            "deferral_over",
            "not_promised",
            "not_broken",
            "rectification_runs",
            "rectification_not_ordered",
            "promise_broken",
            "promise_lifted",
            "procedure_runs",
            "procedure_not_running",
            "extension_not_allowed",
            "extension_once",
            "extension_late",
            "extension_not_asked",
            "not_by_the_asker",
            "template_retired",
            "too_many_templates",
            "nothing_to_correct",
            "nothing_to_reissue",
            "not_delegated",
            "parcel_exists",
            "point_exists",
            "point_in_use",
            "matter_draft_exists",
            "matter_draft_overtaken",
            "report_settled",
            "not_to_be_sent",
            "not_on_its_way",
            "notice_not_resendable",
            "conversation_closed",
            "earlier_unknown",
            "claim_first",
            "not_the_officer",
            "already_claimed",
            "already_rated",
            "already_blocked",
            "at_capacity",
            "officer_away",
            "wrong_state",
            "reopen_too_late",
        }
    ),
    408: frozenset({"body_too_slow"}),
    410: frozenset({"upload_gone"}),
    412: frozenset({"version_stale", "tus_version"}),
    413: frozenset({"too_large", "too_many_parts"}),
    415: frozenset({"media_type"}),
    422: frozenset(
        {
            "bad_fields",
            "confirmation_wrong",
            "unknown_parameter",
            "identity_unconfirmed",
            "key_reused",
            "draft_incomplete",
            "matter_draft_unfit",
            "network_refused",
        }
    ),
    428: frozenset({"version_missing"}),
    429: frozenset(
        {
            "too_many_today",
            "too_many_papers",
            "too_many_unchecked",
            "limit_reached",
            "locked_out",
            "too_often",
            "too_many_reports",
            "too_soon",
            "too_many",
            "too_many_lines",
        }
    ),
    460: frozenset({"checksum_wrong"}),
    503: frozenset({"wechat_unavailable", "unavailable"}),
}
"""The codes of refusals by HTTP status. Refusals know nothing of HTTP; a test holds this table complete."""

TITLES = {
    400: ("请求格式不对", "Malformed request"),
    401: ("请先登录", "Log in first"),
    403: ("您没有这项权限", "Not allowed for your role"),
    404: ("没有找到", "Not found"),
    405: ("不支持这种操作", "Method not allowed"),
    408: ("发送太慢", "Too slow"),
    409: ("当前状态下办不了", "Not possible in this state"),
    410: ("已经清除", "Gone"),
    412: ("内容已更新", "Changed meanwhile"),
    413: ("内容太大", "Too large"),
    415: ("不支持这种格式", "Unsupported format"),
    422: ("有内容需要修改", "Some input needs correcting"),
    428: ("缺少版本号", "Version required"),
    429: ("操作太频繁", "Too many requests"),
    460: ("传输出错", "Damaged on its way"),
    500: ("系统出了问题，请稍后再试", "Something went wrong here"),
    503: ("系统暂时繁忙，请稍后再试", "Temporarily unavailable"),
}

LANGUAGES = ("zh", "en")


class RefusalLike(Protocol):
    """A refusal of any package; `api`, `chat` and `notifications` each have their own base class."""

    code: str
    words: dict[str, str]
    errors: dict[str, list[str]] | None
    retry_after: int | None


Note = Callable[[str, int, str, str], object]
"""Called with (code, status, who is logged in or "", whose record was asked for or "") of each refusal."""


def status_of(code: str) -> int:
    """The HTTP status of a refusal. KeyError where the table lacks it."""
    for status, codes in STATUS.items():
        if code in codes:
            return status
    raise KeyError(code)


def language() -> str:
    """`en` where the client prefers it, else `zh`."""
    return preferred(request.headers.get("Accept-Language", ""))


@lru_cache(maxsize=128)
def preferred(accepted: str) -> str:
    """The language, `zh` or `en`, that weighs most in an Accept-Language header (RFC 9110 §12.5.4).

    `zh-CN` and the like count as `zh`, `*` as whichever is not named. Of equal weights the one named first counts; `zh`
    if neither is accepted.
    """
    weights: dict[str, float] = {}
    for tag, weight in parse_accept_header(accepted, LanguageAccept):
        primary = re.split("[-_]", tag.lower())[0]
        weights[primary] = max(weight, weights.get(primary, 0))
    any_other = weights.get("*", 0)
    ranked = [*(name for name in weights if name in LANGUAGES), *(name for name in LANGUAGES if name not in weights)]
    heaviest = max(ranked, key=lambda name: weights.get(name, any_other))
    return heaviest if weights.get(heaviest, any_other) else "zh"


def problem(
    status: int,
    code: str,
    detail: str,
    errors: dict[str, list[str]] | None = None,
    headers: dict[str, str] | None = None,
    more: dict[str, Any] | None = None,
) -> Response:
    """Make an error response (RFC 9457) with `detail` as its text, and the title in the client's language.

    `more` are extension members (§3.2).
    """
    zh, en = TITLES.get(status, ("请求没有成功", "The request failed"))
    body: dict[str, Any] = {
        "type": f"/docs#problem-{code}",
        "title": en if language() == "en" else zh,
        "status": status,
        "code": code,
        "detail": detail,
        "request_id": g.get("request_id", ""),
        **(more or {}),
    }
    if errors:
        body["errors"] = {name: [field_words(why, language()) for why in reasons] for name, reasons in errors.items()}
    response = Response(json.dumps(body), status, headers, content_type="application/problem+json")
    response.vary.add("Accept-Language")
    return response


def register(
    app: Flask,
    refusal_types: tuple[type[Exception], ...],
    unavailable: tuple[type[Exception], ...],
    note: Note = lambda code, status, actor, subject: None,
) -> None:
    """Register handlers that turn refusals, framework errors and store failures into problems; `note` hears refusals.

    `note` must not raise, and must not wait: what it does takes the same time whatever was refused.
    """

    def refused(error: RefusalLike) -> Response:
        note(error.code, status_of(error.code), getattr(g.get("actor"), "id", ""), getattr(error, "subject", ""))
        headers = {"Retry-After": str(error.retry_after)} if error.retry_after else None
        more = getattr(error, "more", None)
        return problem(status_of(error.code), error.code, error.words[language()], error.errors, headers, more)

    def failed(error: HTTPException) -> Response:
        status = error.code or 500
        messages = getattr(error, "data", {}).get("messages")
        if status == 422 and messages:
            words = ("有几处需要改一改。", "Some fields need correcting.")[language() == "en"]
            return problem(422, "bad_fields", words, _flat(messages))
        code = {400: "malformed", 404: "not_found", 413: "too_large", 415: "media_type"}.get(status, f"http_{status}")
        allowed = getattr(error, "valid_methods", None)
        headers = {"Allow": ", ".join(allowed)} if allowed else None
        return problem(status, code, TITLES.get(status, ("", ""))[language() == "en"], headers=headers)

    def store_down(error: Exception) -> Response:
        log.error("store unavailable", extra={"error": type(error).__name__})
        return problem(503, "unavailable", TITLES[503][language() == "en"], headers={"Retry-After": "2"})

    def broken(error: Exception) -> Response:
        log.exception("unhandled error")
        return problem(500, "internal", TITLES[500][language() == "en"])

    for refusal in refusal_types:
        app.register_error_handler(refusal, refused)
    for kind in unavailable:
        app.register_error_handler(kind, store_down)
    app.register_error_handler(HTTPException, failed)
    app.register_error_handler(Exception, broken)


def _flat(messages: dict[str, Any], prefix: str = "") -> dict[str, list[str]]:
    """marshmallow's nested messages as {field: [reason]}, the outermost level (json, query) left out."""
    flat: dict[str, list[str]] = {}
    for place in messages.values() if not prefix else [messages]:
        if not isinstance(place, dict):
            flat.setdefault(prefix or "body", []).extend(map(str, place))
            continue
        for name, reasons in place.items():
            path = f"{prefix}.{name}" if prefix else str(name)
            if isinstance(reasons, dict):
                flat |= _flat(reasons, path)
            else:
                flat[path] = list(map(str, reasons))
    return flat
