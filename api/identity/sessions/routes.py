"""Routes of log-ins: refresh, log-out, and one's own log-ins."""

from typing import Any

from flask_smorest import Blueprint

from api.identity.schemas import RefreshToken, Tokens
from api.identity.sessions import schemas
from api.identity.sessions.device import device_words
from api.identity.sessions.service import Sessions
from api.web.guard import Http

Body = dict[str, Any]


def add_routes(bp: Blueprint, sessions: Sessions, http: Http) -> None:
    """Add them to the blueprint of this room."""

    @bp.post("/sessions/refresh")
    @http.allow("anyone")
    @bp.arguments(RefreshToken)
    @bp.response(201, Tokens)
    def refresh(body: Body) -> Body:
        """New tokens for a refresh token."""
        return sessions.refresh(body["refresh_token"])

    @bp.delete("/sessions/current")
    @http.allow("citizen", "staff", "newcomer")
    @bp.response(204)
    def log_out(actor: Any) -> None:
        """Log out."""
        sessions.end(actor)

    @bp.get("/me/sessions")
    @http.allow("citizen", "staff", "newcomer")
    @bp.response(200, schemas.LogInList)
    def log_ins(actor: Any) -> Body:
        """One's own log-ins: on which devices, since when, and when last used."""
        rows = sessions.mine(actor)
        return {"items": [{**row, "device": device_words(row["device"], http.language())} for row in rows]}

    @bp.delete("/me/sessions/<log_in_id>")
    @http.allow("citizen", "staff", "newcomer")
    @bp.response(204)
    def end_one(log_in_id: str, actor: Any) -> None:
        """End one of one's own log-ins."""
        sessions.end_one(actor, log_in_id)

    @bp.delete("/me/sessions")
    @http.allow("citizen", "staff", "newcomer")
    @bp.response(204)
    def end_others(actor: Any) -> None:
        """End all of one's own log-ins but this one."""
        sessions.end_others(actor)
