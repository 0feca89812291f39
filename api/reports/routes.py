"""Routes of reports: anyone may report an error, staff list and settle reports."""

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
    @bp.response(201, schemas.ReportReceipt)
    @http.create_once(lambda actor, report_id: reports.receipt(report_id))
    def add(body: Row, actor: Any, new_id: str) -> Row:
        """Report an error in a service point or a matter; who is logged in gets a notice of the settlement."""
        return reports.add(actor, new_id, body)

    @bp.get("/desk/reports")
    @http.allow(*OFFICE)
    @bp.arguments(schemas.ReportQuery, location="query")
    @bp.response(200, schemas.ReportPage)
    def listed(question: Row, actor: Any) -> Any:
        """Reports in a state, oldest first."""
        rows = page(lambda after, most: reports.listed(question["state"], after, most), question)
        reports.looked_at(actor.id, question["state"], len(rows["items"]))
        return rows

    @bp.post("/desk/reports/<report_id>/settlement")
    @http.allow(*OFFICE)
    @bp.arguments(schemas.Settlement)
    @bp.response(200, schemas.ReportSchema)
    def settle(settlement: Row, report_id: str, actor: Any) -> Row:
        """Settle an open report, once; the reporter gets a notice."""
        return reports.settle(actor.id, report_id, settlement)

    return bp
