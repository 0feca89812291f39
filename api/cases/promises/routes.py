"""Routes of broken promises, for supervisors."""

from typing import Any

from flask_smorest import Blueprint

from api.cases.promises import schemas
from api.cases.promises.service import BrokenPromises
from api.web.guard import Http, page

Body = dict[str, Any]


def blueprint(broken: BrokenPromises, http: Http) -> Blueprint:
    """The routes of this part of the cases."""
    bp = Blueprint("promises", __name__, url_prefix="/v1", description="Promises that were not kept")

    @bp.get("/desk/broken-promises")
    @http.allow("supervisor")
    @bp.arguments(schemas.BrokenPromiseQuery, location="query")
    @bp.response(200, schemas.BrokenPromisePage)
    def listed(wanted: Body, actor: Any) -> Body:
        """Broken promises in a state, the newest first."""
        rows = page(lambda after, most: broken.listed(wanted["state"], after, most), wanted)
        broken.looked_at(actor, len(rows["items"]))
        return rows

    @bp.post("/desk/broken-promises/<promise_id>/lifting")
    @http.allow("supervisor")
    @bp.arguments(schemas.Lifting)
    @bp.response(200, schemas.BrokenPromiseSchema)
    def lift(body: Body, promise_id: str, actor: Any) -> Body:
        """Lift a broken promise, once, with the reason: its person may defer and promise again."""
        return broken.lift(actor, promise_id, body["reason"])

    return bp
