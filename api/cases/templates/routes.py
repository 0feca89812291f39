"""Routes of templates: heads and administrators manage them, officers are offered them in the form of an act."""

from typing import Any

from flask_smorest import Blueprint

from api.cases.templates import schemas
from api.cases.templates.offers import TemplateOffers
from api.cases.templates.service import ActTemplates
from api.web.guard import COUNTER, Http, page

Body = dict[str, Any]
MANAGING = ("head", "admin")


def blueprint(templates: ActTemplates, offers: TemplateOffers, http: Http) -> Blueprint:
    """The routes of this part of the cases."""
    bp = Blueprint("act_templates", __name__, url_prefix="/v1", description="A department's own words for acts")
    _managing(bp, templates, http)

    @bp.get("/cases/<number>/act-templates")
    @http.allow(*COUNTER)
    @bp.arguments(schemas.OfferQuery, location="query")
    @bp.response(200, schemas.OfferedTemplates)
    def offered(query: Body, number: str, actor: Any) -> Body:
        """The templates of the case's department for an act, filled in from the case."""
        return {"items": offers.offered(actor, number, query["act"])}

    return bp


def _managing(bp: Blueprint, templates: ActTemplates, http: Http) -> None:
    @bp.get("/act-templates")
    @http.allow(*MANAGING)
    @bp.arguments(schemas.TemplateQuery, location="query")
    @bp.response(200, schemas.TemplatePage)
    def listed(wanted: Body, actor: Any) -> Body:
        """The templates of one's department, in use or retired."""
        return page(lambda after, most: templates.listed(actor, wanted, after, most), wanted)

    @bp.post("/act-templates")
    @http.allow(*MANAGING)
    @bp.arguments(schemas.NewTemplate)
    @bp.response(201, schemas.TemplateSchema)
    @http.create_once(templates.get)
    def create(body: Body, actor: Any, new_id: str) -> Body:
        """Add a template to one's department."""
        return templates.create(actor, new_id, body)

    @bp.get("/act-templates/<template_id>")
    @http.allow(*MANAGING)
    @bp.response(200, schemas.TemplateSchema)
    def template(template_id: str, actor: Any) -> Any:
        """A template as it stands; its ETag is the version that a change must name."""
        row = templates.get(actor, template_id)
        return row, http.etag(row["version"])

    @bp.patch("/act-templates/<template_id>")
    @http.allow(*MANAGING)
    @bp.arguments(schemas.TemplateChange)
    @bp.response(200, schemas.TemplateSchema)
    def change(body: Body, template_id: str, actor: Any) -> Any:
        """Change a template, against the version in If-Match; what was sent with an earlier version stays."""
        row = templates.change(actor, template_id, http.wanted_version(), body)
        return row, http.etag(row["version"])

    @bp.post("/act-templates/<template_id>/retirement")
    @http.allow(*MANAGING)
    @bp.response(200, schemas.TemplateSchema)
    def retire(template_id: str, actor: Any) -> Any:
        """Take a template out of use for good, against the version in If-Match. It is never deleted."""
        row = templates.retire(actor, template_id, http.wanted_version())
        return row, http.etag(row["version"])

    @bp.get("/act-templates/<template_id>/versions")
    @http.allow(*MANAGING)
    @bp.arguments(schemas.Paging, location="query")
    @bp.response(200, schemas.TemplatePage)
    def versions(paging: Body, template_id: str, actor: Any) -> Body:
        """The versions of a template, the newest first: what it said when an act named it."""
        return page(lambda before, most: templates.versions(actor, template_id, before, most), paging, by="version")
