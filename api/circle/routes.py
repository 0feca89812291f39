"""Routes of the circle: the question, service points and their changes, drawings, street networks."""

from typing import Any

from flask import Response
from flask_smorest import Blueprint

from api.circle.schemas import circle as circle_schemas
from api.circle.schemas import drawings
from api.circle.schemas import networks as network_schemas
from api.circle.schemas import points as point_schemas
from api.circle.service import Circle
from api.circle.travel.area import Box
from api.web.edge import Quick
from api.web.fields import Paging
from api.web.guard import BadCursor, Http, json, page
from api.web.problems import language

Row = dict[str, Any]


def blueprint(circle: Circle, http: Http) -> Blueprint:
    """The routes of this room."""
    bp = Blueprint("circle", __name__, url_prefix="/v1", description="Where: what is within 15 minutes")
    _question(bp, circle, http)
    _drawings(bp, circle, http)
    _points(bp, circle, http)
    _changes(bp, circle, http)
    _networks(bp, circle, http)
    return bp


def quick(circle: Circle) -> dict[str, Quick]:
    """Answers `GET /v1/circle` before Flask begins, by path; None leaves an unusual question to the route below."""

    def find(query: str, language: str) -> bytes | None:
        question = circle_schemas.plain_question(query)
        return circle.find(question, language) if question else None

    return {"/v1/circle": find}


def _question(bp: Blueprint, circle: Circle, http: Http) -> None:
    @bp.get("/circle")
    @http.allow("anyone")
    @bp.arguments(circle_schemas.QuestionSchema(), location="query")
    @bp.response(200, circle_schemas.CircleSchema)
    def find(question: Row) -> Response:
        """The service points that are near enough, handle the matter and are open on arrival."""
        return json(circle.find(question, language()))


def _drawings(bp: Blueprint, circle: Circle, http: Http) -> None:
    @bp.get("/circle/isochrone")
    @http.allow("anyone")
    @bp.arguments(drawings.IsochroneQuestion, location="query")
    @bp.response(200, drawings.GeoJson)
    def isochrone(question: Row) -> Row:
        """An outline of what can be reached, for drawing only."""
        return circle.isochrone(question)

    @bp.get("/circle/streets")
    @http.allow("anyone")
    @bp.arguments(drawings.BoxQuestion, location="query")
    @bp.response(200, drawings.GeoJson)
    def streets(box: Box) -> Row:
        """Streets in a box, for drawing."""
        return circle.streets(box)


def _points(bp: Blueprint, circle: Circle, http: Http) -> None:
    @bp.get("/points")
    @http.allow("anyone")
    @bp.arguments(point_schemas.PointsQuestion, location="query")
    @bp.response(200, point_schemas.Points)
    def points(question: Row) -> Row:
        """Service points by id, those without a position included."""
        kind, street = question.get("kind"), question.get("street")
        return page(lambda after, most: circle.listed(kind, street, after, most), question)

    @bp.get("/points/<point_id>")
    @http.allow("anyone")
    @bp.response(200, point_schemas.Point)
    def point(point_id: str) -> Any:
        """One service point, and whether it is open now."""
        return _tagged(circle, http, point_id)

    @bp.get("/points/<point_id>/matters")
    @http.allow("anyone")
    @bp.arguments(Paging, location="query")
    @bp.response(200, point_schemas.PointMatters)
    def matters(paging: Row, point_id: str) -> Any:
        """Which matters can be done there, and what part of each."""
        return page(lambda after, most: circle.matters(point_id, after, most), paging, by="code")


def _changes(bp: Blueprint, circle: Circle, http: Http) -> None:
    @bp.post("/points")
    @http.allow("admin")
    @bp.arguments(point_schemas.NewPoint)
    @bp.response(201, point_schemas.Point)
    @http.create_once(lambda actor, ref: _tagged(circle, http, circle.changes.created(ref), 201))
    def add_point(body: Row, actor: Any, new_id: str) -> Any:
        """Add a service point; answers include it at once."""
        return _tagged(circle, http, circle.changes.add(actor.id, body, new_id), 201)

    @bp.patch("/points/<point_id>")
    @http.allow("admin")
    @bp.arguments(point_schemas.PointChange)
    @bp.response(200, point_schemas.Point)
    def change_point(body: Row, point_id: str, actor: Any) -> Any:
        """Change some fields of a point; `built: no` closes it. Takes effect at once, in other processes within 2 s."""
        circle.changes.change(actor.id, point_id, http.wanted_version(), body)
        return _tagged(circle, http, point_id)

    @bp.delete("/points/<point_id>")
    @http.allow("admin")
    @bp.response(204)
    def remove_point(point_id: str, actor: Any) -> None:
        """Delete a point to which no staff, conversations or open cases belong."""
        circle.changes.remove(actor.id, point_id, http.wanted_version())

    @bp.get("/points/<point_id>/work")
    @http.allow("admin")
    @bp.response(200, point_schemas.PointWork)
    def work(point_id: str, actor: Any) -> Any:
        """The staff and open work that belong to a point, to be moved before or after it closes."""
        return circle.work_at(point_id)

    @bp.get("/points/<point_id>/versions")
    @http.allow("admin")
    @bp.arguments(Paging, location="query")
    @bp.response(200, point_schemas.PointVersions)
    def versions(paging: Row, point_id: str, actor: Any) -> Any:
        """The versions of a point, the newest first."""

        def read(before: str | None, most: int) -> list[Row]:
            if before is not None and not before.isdigit():
                raise BadCursor
            return circle.changes.versions(point_id, int(before) if before else None, most)

        return page(read, paging, by="version")


def _networks(bp: Blueprint, circle: Circle, http: Http) -> None:
    @bp.get("/networks")
    @http.allow("admin")
    @bp.response(200, network_schemas.Networks)
    def networks(actor: Any) -> Any:
        """The street networks that were built, the newest first, how this process stands with them, and what is being
        built.
        """
        builds = [{**row, "why": row["why"] and row["why"][language()]} for row in circle.generations.builds()]
        return {"items": circle.networks(), "builds": builds}


def _tagged(circle: Circle, http: Http, point_id: str, status: int = 200) -> Any:
    """A point as a response, with the version of its row as ETag."""
    face = circle.face(circle.point(point_id))
    return face, status, http.etag(face["version"])
