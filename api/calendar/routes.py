"""Routes of the calendar; its dated exceptions are for administrators."""

from datetime import date
from typing import Any

from flask_smorest import Blueprint

from api.calendar import schemas
from api.calendar.service import Calendar
from api.refusals import BadFields
from api.web.guard import Http


def blueprint(calendar: Calendar, http: Http) -> Blueprint:
    """The routes of this room."""
    bp = Blueprint("calendar", __name__, url_prefix="/v1", description="Working days")

    def answer(first: date, last: date) -> tuple[dict[str, Any], int, dict[str, str]]:
        version = calendar.version
        return {"version": version, "items": calendar.days(first, last)}, 200, http.etag(version)

    @bp.get("/calendar")
    @http.allow("anyone")
    @bp.arguments(schemas.DateRange, location="query")
    @bp.response(200, schemas.CalendarDays)
    def days(span: dict[str, Any]) -> Any:
        """Which days are working days."""
        return answer(span["first"], span["last"])

    @bp.get("/calendar/hours")
    @http.allow("anyone")
    @bp.arguments(schemas.HoursQuestion, location="query")
    @bp.response(200, schemas.OpeningDays)
    def hours(question: dict[str, Any]) -> Any:
        """Parse hours written as text, and list when a place with them is open on each day, holidays included."""
        return {"items": calendar.opening_days(question["text"], question["first"], question["last"])}

    @bp.patch("/calendar")
    @http.allow("admin")
    @bp.arguments(schemas.DatedException(many=True))
    @bp.response(200, schemas.CalendarDays)
    def change(items: list[dict[str, Any]], actor: Any) -> Any:
        """Set or remove dated exceptions, all or none, by official notice only."""
        version = http.wanted_version()
        days = sorted(item["date"] for item in items)
        if not 1 <= len(days) <= schemas.MOST_DAYS or len(set(days)) < len(days):
            raise BadFields({"items": [f"一次改 1 到 {schemas.MOST_DAYS} 天，每天只写一次。"]})
        calendar.change(actor.id, version, items)
        return (
            {"version": calendar.version, "items": [calendar.days(day, day)[0] for day in days]},
            200,
            http.etag(calendar.version),
        )

    return bp
