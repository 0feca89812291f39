"""The calendar, for pages and mini-programs."""

from typing import Any

from flask_smorest import Blueprint

from api.calendar import schemas
from api.calendar.service import Calendar
from api.http import Http


def blueprint(calendar: Calendar, http: Http) -> Blueprint:
    """The routes of this room."""
    bp = Blueprint("calendar", __name__, url_prefix="/v1", description="Working days")

    @bp.get("/calendar")
    @http.allow("anyone")
    @bp.arguments(schemas.Span, location="query")
    @bp.response(200, schemas.Days)
    def days(span: dict[str, Any]) -> dict[str, Any]:
        """Which days are working days."""
        return {"items": calendar.days(span["first"], span["last"])}

    return bp
