"""The HTTP routes: the inbox, the staff's list of deliveries, and the callbacks of providers."""

from collections.abc import Callable
from typing import Any, Protocol

from flask import request
from flask_smorest import Blueprint

from notifications import schemas
from notifications.channels import Call
from notifications.service import Notices

Body = dict[str, Any]
Decorator = Callable[[Any], Any]


class Http(Protocol):
    """The decorators of routes (who may call, one effect per Idempotency-Key), and the language of an answer."""

    def allow(self, *roles: str) -> Decorator: ...

    def create_once(self, load: Callable[[Any, str], Any]) -> Decorator: ...

    def language(self) -> str: ...


def blueprint(notices: Notices, http: Http) -> Blueprint:
    """The routes of this package."""
    bp = Blueprint("notifications", __name__, url_prefix="/v1", description="What was told")
    _inbox(bp, notices, http)
    _desk(bp, notices, http)
    _providers(bp, notices, http)
    return bp


def _inbox(bp: Blueprint, notices: Notices, http: Http) -> None:
    @bp.get("/notices")
    @http.allow("citizen", "staff")
    @bp.arguments(schemas.PageQuery, location="query")
    @bp.response(200, schemas.Inbox)
    def inbox(query: Body, actor: Any) -> Body:
        """One's own notices, newest first."""
        return notices.inbox(actor, query.get("cursor"), query["limit"], http.language())

    @bp.post("/notices/<notice_id>/read")
    @http.allow("citizen", "staff")
    @bp.response(204)
    def read(notice_id: str, actor: Any) -> None:
        """Mark one's own notice as read."""
        notices.read(actor, notice_id)

    @bp.post("/notices/shown")
    @http.allow("citizen", "staff")
    @bp.arguments(schemas.Shown)
    @bp.response(204)
    def note_displayed(body: Body, actor: Any) -> None:
        """Say that notices of one's own were displayed, so that they need no further channel."""
        notices.note_displayed(actor, body["ids"])


def _desk(bp: Blueprint, notices: Notices, http: Http) -> None:
    @bp.get("/desk/notices")
    @http.allow("staff")
    @bp.arguments(schemas.DeliveryQuery, location="query")
    @bp.response(200, schemas.DeskPage)
    def desk(query: Body, actor: Any) -> Body:
        """The notices about the cases of one's desk or department, one line per channel, the phone masked.

        Supervisors see those about all cases; they and administrators those about none. Codes are never listed.
        """
        return notices.desk(actor, query.get("state"), query.get("cursor"), query["limit"], http.language())

    @bp.post("/desk/notices/<notice_id>/resend")
    @http.allow("staff")
    @bp.response(201, schemas.DeskLine)
    @http.create_once(lambda actor, new_id: notices.resent(actor, new_id, http.language()))
    def resend(notice_id: str, actor: Any, new_id: str) -> Body:
        """Send again what failed for good."""
        return notices.resend(actor, notice_id, new_id, http.language())


def _providers(bp: Blueprint, notices: Notices, http: Http) -> None:
    @bp.post("/providers/twilio/status")
    @http.allow("anyone")
    @bp.arguments(schemas.CallQuery, location="query")
    @bp.response(204)
    def twilio_status(query: Body) -> None:
        """Twilio's signed status callback on a message; stored at once, processed later."""
        call = Call(_raw_target(), request.form, request.headers.get("X-Twilio-Signature", ""))
        notices.take_call("twilio", call, query["notice"], query["delivery"])


def _raw_target() -> str:
    """Path and query as they were sent, since the signature is over these. gunicorn gives both; other servers only the
    query, which is enough because the path has nothing to decode."""
    query = request.environ.get("QUERY_STRING", "")
    return str(request.environ.get("RAW_URI") or request.path + (f"?{query}" if query else ""))
