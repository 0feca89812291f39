"""Where: the circle, its points, and what is needed to draw them."""

from typing import Any

from flask import Response
from flask_smorest import Blueprint

from api.circle import schemas
from api.circle.service import Circle
from api.circle.travel.area import Box
from api.web.edge import Quick
from api.web.fields import Paging
from api.web.guard import BadCursor, Http, json, page
from api.web.problems import language

Row = dict[str, Any]


def quick(circle: Circle) -> dict[str, Quick]:
    """The question that everybody asks first, answered before Flask begins where it is plain."""

    def find(query: str, language: str) -> bytes | None:
        question = schemas.plain_question(query)
        return circle.find(question, language) if question else None

    return {"/v1/circle": find}


def blueprint(circle: Circle, http: Http) -> Blueprint:
    """The routes of this room."""
    bp = Blueprint("circle", __name__, url_prefix="/v1", description="Where: what is within 15 minutes")

    def shown(point_id: str, status: int) -> Any:
        found = circle.face(circle.point(point_id))
        return found, status, http.etag(found["version"])

    @bp.get("/circle")
    @http.allow("anyone")
    @bp.arguments(schemas.Question(), location="query")
    @bp.response(200, schemas.Circle)
    def find(question: Row) -> Response:
        """What is near enough, can do the matter and is open on arrival."""
        return json(circle.find(question, language()))

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
        kind, street = question.get("kind"), question.get("street")
        return page(lambda after, most: circle.listed(kind, street, after, most), question)

    @bp.get("/points/<point_id>")
    @http.allow("anyone")
    @bp.response(200, schemas.Point)
    def point(point_id: str) -> Any:
        """One service point, and whether it is open now."""
        return shown(point_id, 200)

    @bp.get("/points/<point_id>/matters")
    @http.allow("anyone")
    @bp.arguments(Paging, location="query")
    @bp.response(200, schemas.PointMatters)
    def matters(paging: Row, point_id: str) -> Any:
        """Which matters can be done there, and what part of each."""
        return page(lambda after, most: circle.matters(point_id, after, most), paging, by="code")

    @bp.post("/points")
    @http.allow("admin")
    @bp.arguments(schemas.NewPoint)
    @bp.response(201, schemas.Point)
    @http.create_once(lambda actor, ref: shown(circle.changes.made(ref), 201))
    def add_point(told: Row, actor: Any, new_id: str) -> Any:
        """A new service point; in the circle at once."""
        return shown(circle.changes.add(actor.id, told, new_id), 201)

    @bp.patch("/points/<point_id>")
    @http.allow("admin")
    @bp.arguments(schemas.PointChange)
    @bp.response(200, schemas.Point)
    def change_point(told: Row, point_id: str, actor: Any) -> Any:
        """Change some fields of a point; `built: no` closes it. Holds at once, in every process within two seconds."""
        circle.changes.change(actor.id, point_id, http.wanted_version(), told)
        return shown(point_id, 200)

    @bp.delete("/points/<point_id>")
    @http.allow("admin")
    @bp.response(204)
    def remove_point(point_id: str, actor: Any) -> None:
        """Take a point away that nothing hangs on."""
        circle.changes.remove(actor.id, point_id, http.wanted_version())

    @bp.get("/points/<point_id>/versions")
    @http.allow("admin")
    @bp.arguments(Paging, location="query")
    @bp.response(200, schemas.PointVersions)
    def versions(paging: Row, point_id: str, actor: Any) -> Any:
        """What a point was: every version, the newest first."""

        def read(before: str | None, most: int) -> list[Row]:
            if before is not None and not before.isdigit():
                raise BadCursor
            return circle.changes.versions(point_id, int(before) if before else None, most)

        return page(read, paging, by="version")

    @bp.get("/networks")
    @http.allow("admin")
    @bp.response(200, schemas.Networks)
    def networks(actor: Any) -> Any:
        """The street networks that were built, the newest first, how this process stands with them, and what is being
        built.
        """
        builds = [{**row, "why": row["why"] and row["why"][language()]} for row in circle.generations.builds()]
        return {"items": circle.networks(), "builds": builds}

    return bp
