"""The route of the audit, for administrators."""

from typing import Any

from flask_smorest import Blueprint

from api.audit import schemas
from api.audit.service import Audit
from api.web.guard import Http, page


def blueprint(audit: Audit, http: Http) -> Blueprint:
    """The routes of this room."""
    bp = Blueprint("audit", __name__, url_prefix="/v1", description="Who read or changed what")

    @bp.get("/audit")
    @http.allow("admin")
    @bp.arguments(schemas.AuditQuery, location="query")
    @bp.response(200, schemas.AuditPage)
    def listed(query: dict[str, Any], actor: Any) -> dict[str, Any]:
        """Who read or changed what, newest first. Each read of this list is recorded too."""
        paging = {"limit": query.pop("limit"), "cursor": query.pop("cursor", None)}
        return page(lambda after, most: audit.listed(actor.id, query, after, most), paging)

    return bp
