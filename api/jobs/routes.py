"""Routes for staff: parked background work, why it failed, retrying and dropping it."""

from typing import Any

from flask_smorest import Blueprint

from api.jobs import schemas
from api.jobs.service import Jobs
from api.web.guard import OPERATING, Http, page


def blueprint(jobs: Jobs, http: Http) -> Blueprint:
    """The routes of this room."""
    bp = Blueprint("jobs", __name__, url_prefix="/v1/desk/jobs", description="Background work")

    @bp.get("")
    @http.allow(*OPERATING)
    @bp.arguments(schemas.WorkQuery, location="query")
    @bp.response(200, schemas.WorkPage)
    def listed(query: dict[str, Any], actor: Any) -> dict[str, Any]:
        """Background work in a state: `parked` (failed too often), `pending` or `dropped`."""
        return page(lambda after, most: jobs.listed(query["state"], after, most), query, by="place")

    @bp.get("/lag")
    @http.allow(*OPERATING)
    @bp.response(200, schemas.Lag)
    def lag(actor: Any) -> dict[str, Any]:
        """The backlog of events and of jobs."""
        return jobs.lag_now()

    @bp.post("/<job_id>/retry")
    @http.allow(*OPERATING)
    @bp.response(200, schemas.Work)
    def retry(job_id: str, actor: Any) -> dict[str, Any]:
        """Retry parked work; what waited behind it follows."""
        return jobs.retry(actor.id, job_id)

    @bp.post("/<job_id>/drop")
    @http.allow(*OPERATING)
    @bp.response(200, schemas.Work)
    def drop(job_id: str, actor: Any) -> dict[str, Any]:
        """Drop parked work; what waited behind it goes on without it."""
        return jobs.drop(actor.id, job_id)

    return bp
