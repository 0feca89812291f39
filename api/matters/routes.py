"""What: matters, their guides, search, packages. All of it is public."""

from typing import Any

from flask_smorest import Blueprint

from api.http import Http, page, position_of
from api.matters import schemas
from api.matters.service import Matters

Row = dict[str, Any]


def blueprint(matters: Matters, http: Http) -> Blueprint:
    """The routes of this room."""
    bp = Blueprint("matters", __name__, url_prefix="/v1", description="What people can come for")

    @bp.get("/matters")
    @http.allow("anyone")
    @bp.arguments(schemas.ListQuestion, location="query")
    @bp.response(200, schemas.Lines)
    def listed(question: Row) -> Row:
        """Matters by code, of a theme or online where asked."""
        rows = matters.listed(question, position_of(question.get("cursor")), question["limit"] + 1)
        return page(rows, question["limit"], lambda row: row["code"])

    @bp.get("/matters/search")
    @http.allow("anyone")
    @bp.arguments(schemas.SearchQuestion, location="query")
    @bp.response(200, schemas.Hits)
    def search(question: Row) -> Row:
        """What somebody may mean by their own words, best first."""
        return {"query": question["q"], "results": matters.search(question["q"], question["limit"])}

    @bp.get("/matters/<code>")
    @http.allow("anyone")
    @bp.arguments(schemas.VersionQuestion, location="query")
    @bp.response(200, schemas.Matter)
    def matter(question: Row, code: str) -> Row:
        """A matter in full."""
        return matters.face(code, question.get("version"))

    @bp.get("/matters/<code>/guide")
    @http.allow("anyone")
    @bp.arguments(schemas.GuideQuestion, location="query")
    @bp.response(200, schemas.Guide)
    def guide(question: Row, code: str) -> Row:
        """What to bring in one's own situation, what the state has already, and the last days if accepted today."""
        return matters.guide(code, question.get("version"), question["answers"])

    @bp.get("/matters/<code>/form")
    @http.allow("anyone")
    @bp.arguments(schemas.VersionQuestion, location="query")
    @bp.response(200, schemas.Form)
    def form(question: Row, code: str) -> Row:
        """What is filled in for a matter (表单), with a filled-in sample (样表)."""
        return matters.form_face(code, question.get("version"))

    @bp.get("/lists")
    @http.allow("anyone")
    @bp.response(200, schemas.ListFaces)
    def public_lists() -> Row:
        """The public lists with their numbers, computed from the catalogue."""
        return {"items": matters.public_lists(), "next": None}

    @bp.get("/lists/<list_name>")
    @http.allow("anyone")
    @bp.response(200, schemas.PublicList)
    def public_list(list_name: str) -> Row:
        """One public list with its matters."""
        return matters.public_list(list_name)

    @bp.get("/packages")
    @http.allow("anyone")
    @bp.response(200, schemas.Packages)
    def packages() -> Row:
        """What belongs together (一件事)."""
        return {"items": matters.packages(), "next": None}

    @bp.get("/packages/<package_id>")
    @http.allow("anyone")
    @bp.response(200, schemas.Package)
    def package(package_id: str) -> Row:
        """One package."""
        return matters.package(package_id)

    @bp.get("/construction-classes")
    @http.allow("anyone")
    @bp.response(200, schemas.ConstructionClasses)
    def construction_classes() -> Row:
        """The five classes of construction projects (工程建设项目)."""
        return matters.construction_classes()

    return bp
