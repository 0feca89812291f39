"""Log-in and `me`."""

from typing import Any

from flask_smorest import Blueprint

from api.http import Http
from api.identity import schemas
from api.identity.service import Identity

Body = dict[str, Any]


def blueprint(identity: Identity, http: Http) -> Blueprint:
    """The routes of this room."""
    bp = Blueprint("identity", __name__, url_prefix="/v1", description="Who acts")

    @bp.post("/sessions/codes")
    @http.allow("anyone")
    @bp.arguments(schemas.Phone)
    @bp.response(202, schemas.CodeSent)
    def send_code(body: Body) -> Body:
        """Send a log-in code by SMS."""
        return identity.send_code(body["phone"])

    @bp.post("/sessions")
    @http.allow("anyone")
    @bp.arguments(schemas.CitizenLogIn)
    @bp.response(201, schemas.Tokens)
    def log_in(body: Body) -> Body:
        """Log in with the code."""
        return identity.log_in_citizen(body["phone"], body["code"])

    @bp.post("/staff/sessions")
    @http.allow("anyone")
    @bp.arguments(schemas.StaffLogIn)
    @bp.response(201, schemas.Tokens)
    def log_in_staff(body: Body) -> Body:
        """Log in as staff."""
        return identity.log_in_staff(body["username"], body["password"])

    @bp.post("/sessions/refresh")
    @http.allow("anyone")
    @bp.arguments(schemas.Refresh)
    @bp.response(201, schemas.Tokens)
    def refresh(body: Body) -> Body:
        """New tokens for a refresh token."""
        return identity.refresh(body["refresh_token"])

    @bp.delete("/sessions/current")
    @http.allow("citizen", "staff")
    @bp.response(204)
    def log_out(actor: Any) -> None:
        """Log out."""
        identity.log_out(actor)

    @bp.get("/me")
    @http.allow("citizen", "staff")
    @bp.response(200, schemas.Person)
    def me(actor: Any) -> Body:
        """The person behind this log-in."""
        return identity.me(actor)

    @bp.patch("/me")
    @http.allow("citizen")
    @bp.arguments(schemas.Rename)
    @bp.response(200, schemas.Person)
    def rename(body: Body, actor: Any) -> Body:
        """Change one's own name."""
        return identity.rename(actor, body["name"])

    return bp
