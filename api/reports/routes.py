"""This is wrong: said by anyone, settled by the office."""

from typing import Any

from flask_smorest import Blueprint

from api.reports import schemas
from api.reports.service import Reports
from api.web.guard import OFFICE, Http, page

Row = dict[str, Any]


def blueprint(reports: Reports, http: Http) -> Blueprint:
    """The routes of this room."""
    bp = Blueprint("reports", __name__, url_prefix="/v1", description="What is wrong, and what was found")

    @bp.post("/reports")
    @http.allow("anyone")
    @http.visitor
    @bp.arguments(schemas.NewReport)
    @bp.response(201, schemas.Receipt)
    @http.create_once(lambda actor, report_id: reports.made(report_id))
    def add(told: Row, actor: Any, new_id: str) -> Row:
        """Say what is wrong with a service point or a matter; who is logged in is told how it ended."""
        return reports.add(actor, new_id, told)

    @bp.get("/desk/reports")
    @http.allow(*OFFICE)
    @bp.arguments(schemas.ReportsQuestion, location="query")
    @bp.response(200, schemas.Reports)
    def listed(question: Row, actor: Any) -> Any:
        """What was reported, the oldest first."""
        return page(lambda after, most: reports.listed(actor.id, question["state"], after, most), question)

    @bp.post("/desk/reports/<report_id>/settlement")
    @http.allow(*OFFICE)
    @bp.arguments(schemas.Settlement)
    @bp.response(200, schemas.Report)
    def settle(told: Row, report_id: str, actor: Any) -> Row:
        """Settle an open report, once; its reporter is told."""
        return reports.settle(actor.id, report_id, told)

    return bp
