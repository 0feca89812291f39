"""The route of the audit, for administrators and supervisors."""

from typing import Any

from flask_smorest import Blueprint

from api.audit import schemas
from api.audit.ports import AuditPorts
from api.audit.security.service import SecurityEvents
from api.audit.service import Audit
from api.web.guard import OPERATING, Http, walked


def blueprint(audit: Audit, security: SecurityEvents, http: Http, ports: AuditPorts) -> Blueprint:
    """The routes of this room."""
    bp = Blueprint("audit", __name__, url_prefix="/v1", description="Who read or changed what")

    @bp.get("/audit")
    @http.allow(*OPERATING)
    @bp.arguments(schemas.AuditQuery, location="query")
    @bp.response(200, schemas.AuditPage)
    def listed(query: dict[str, Any], actor: Any) -> dict[str, Any]:
        """Who read or changed what, and what was refused, newest first. Each read of this list is recorded too.

        `person` is a user name, a name that no other has, or an id; it matches what they did and what was done to their
        account. `subject` is a case number, or as the list writes it. A page may be short, or empty, and still go on.
        """
        paging = {"limit": query.pop("limit"), "cursor": query.pop("cursor", None)}
        reads = {"person": ports.person, "subject": ports.record, "address": ports.address}
        wanted = {key: reads.get(key, lambda value: value)(value) for key, value in query.items()}
        security.write_now()
        rows = walked(lambda after, most: audit.listed(actor.id, wanted, after, most), paging)
        names = ports.names({row["actor"] for row in rows["items"]})
        return {**rows, "items": [{**row, "actor_name": names.get(row["actor"], "")} for row in rows["items"]]}

    return bp
