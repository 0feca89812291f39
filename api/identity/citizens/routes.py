"""Routes of citizens: log-in, one's own record, consents, export and closing."""

from typing import Any

from flask import request
from flask_smorest import Blueprint

from api.identity.citizens import schemas
from api.identity.citizens.service import Citizens
from api.identity.schemas import PersonSchema, Tokens
from api.identity.sessions.device import device_of
from api.web.guard import Http

Body = dict[str, Any]


def add_routes(bp: Blueprint, citizens: Citizens, http: Http) -> None:
    """Add them to the blueprint of this room."""
    _log_in(bp, citizens, http)
    _record(bp, citizens, http)
    _rights(bp, citizens, http)


def _log_in(bp: Blueprint, citizens: Citizens, http: Http) -> None:
    @bp.post("/sessions/codes")
    @http.allow("anyone")
    @bp.arguments(schemas.CodeRequest)
    @bp.response(202, schemas.CodeSent)
    def send_code(body: Body) -> Body:
        """Send a log-in code by SMS."""
        device = body.get("device", "")
        return citizens.send_code(body["phone"], request.remote_addr or "", device, language=http.language())

    @bp.post("/sessions")
    @http.allow("anyone")
    @bp.arguments(schemas.CitizenLogIn)
    @bp.response(201, Tokens)
    def log_in(body: Body) -> Body:
        """Log in with the code."""
        proofs = (body.get("device", ""), body.get("id_number", ""))
        agent = device_of(request.headers.get("User-Agent", ""))
        return citizens.log_in(body["phone"], body["code"], *proofs, agent=agent, language=http.language())

    @bp.post("/sessions/wechat")
    @http.allow("anyone")
    @bp.arguments(schemas.WeChatLogIn)
    @bp.response(201, Tokens)
    def log_in_by_wechat(body: Body) -> Body:
        """Log in from the mini-program; the first time with `phone_code` too."""
        proofs = (body.get("device", ""), body.get("id_number", ""))
        agent = device_of(request.headers.get("User-Agent", ""))
        phone_code = body.get("phone_code", "")
        return citizens.log_in_by_wechat(body["code"], phone_code, *proofs, agent=agent, language=http.language())


def _record(bp: Blueprint, citizens: Citizens, http: Http) -> None:
    @bp.patch("/me")
    @http.allow("citizen")
    @bp.arguments(schemas.OwnRecord)
    @bp.response(200, PersonSchema)
    def change(body: Body, actor: Any) -> Body:
        """Change one's own name, or the language of one's notices."""
        return citizens.change(actor, body)


def _rights(bp: Blueprint, citizens: Citizens, http: Http) -> None:
    @bp.get("/privacy")
    @http.allow("anyone")
    @bp.response(200, schemas.PrivacyNotice)
    def notice() -> Body:
        """Who handles personal information here, and what else the notice of it leaves to the installation."""
        return citizens.notice()

    @bp.get("/me/consents")
    @http.allow("citizen")
    @bp.response(200, schemas.ConsentList)
    def consents(actor: Any) -> Body:
        """The purposes that consent is asked for, and the consents given and withdrawn."""
        return citizens.consents(actor)

    @bp.post("/me/consents")
    @http.allow("citizen")
    @bp.arguments(schemas.ConsentDecision)
    @bp.response(201, schemas.ConsentList)
    def consent(body: Body, actor: Any) -> Body:
        """Give or withdraw consent."""
        return citizens.consent(actor, body)

    @bp.get("/me/export")
    @http.allow("citizen", fresh=("citizen",))
    @bp.response(200, schemas.Export)
    def export(actor: Any) -> Body:
        """A copy of all one's own data."""
        return citizens.export(actor)

    @bp.delete("/me")
    @http.allow("citizen", fresh=("citizen",))
    @bp.response(204)
    def close(actor: Any) -> None:
        """Close one's own account."""
        citizens.close(actor)
