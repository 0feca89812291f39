"""Where: the circle, its points, and what is needed to draw them."""

from typing import Any

from flask import Response
from flask_smorest import Blueprint

from api.circle import schemas
from api.circle.area import Box
from api.circle.service import Circle
from api.http import Http, page, position_of, written
from api.problems import language

Row = dict[str, Any]


def blueprint(circle: Circle, http: Http) -> Blueprint:
    """The routes of this room."""
    bp = Blueprint("circle", __name__, url_prefix="/v1", description="Where: what is within 15 minutes")

    @bp.get("/circle")
    @http.allow("anyone")
    @bp.arguments(schemas.Question(), location="query")
    @bp.response(200, schemas.Circle)
    def find(question: Row) -> Response:
        """What is near enough, can do the matter and is open on arrival."""
        found = circle.find(question)
        return written({**found, "why": found["why"][language()]})

    @bp.get("/circle/isochrone")
    @http.allow("anyone")
    @bp.arguments(schemas.IsochroneQuestion, location="query")
    @bp.response(200, schemas.GeoJson)
    def isochrone(question: Row) -> Row:
        """An outline of what can be reached, for drawing only."""
        return circle.isochrone(question)

    @bp.get("/circle/streets")
    @http.allow("anyone")
    @bp.arguments(schemas.BoxQuestion, location="query")
    @bp.response(200, schemas.GeoJson)
    def streets(box: Box) -> Row:
        """Streets in a box, for drawing."""
        return circle.streets(box)

    @bp.get("/points")
    @http.allow("anyone")
    @bp.arguments(schemas.PointsQuestion, location="query")
    @bp.response(200, schemas.Points)
    def points(question: Row) -> Row:
        """Service points by id, those without a position included."""
        after, most = position_of(question.get("cursor")), question["limit"]
        rows = circle.listed(question.get("kind"), question.get("street"), after, most + 1)
        return page(rows, most, lambda row: str(row["id"]))

    @bp.get("/points/<point_id>")
    @http.allow("anyone")
    @bp.response(200, schemas.Point)
    def point(point_id: str) -> Any:
        """One service point, and whether it is open now."""
        found = circle.face(circle.point(point_id))
        return found, 200, http.etag(found["version"])

    return bp
