"""The routes of cases: submit, follow, handle and look them up."""

from typing import Any

from flask_smorest import Blueprint

from api import pdf
from api.cases import counter_schemas, my_cases_schemas, schemas
from api.cases.life.schemas import ActSchema
from api.cases.service import Cases
from api.web.fields import Paging
from api.web.guard import COUNTER, READERS, Http, owner_of, walked

Body = dict[str, Any]


def blueprint(cases: Cases, http: Http, base: str) -> Blueprint:
    """The routes of this room; `base` is the address of the pages, for what is printed."""
    bp = Blueprint("cases", __name__, url_prefix="/v1", description="Cases")
    _submitting(bp, cases, http)
    _following(bp, cases, http)
    _printed(bp, cases, http, base)
    _handling(bp, cases, http)
    _at_the_counter(bp, cases, http)
    return bp


def _submitting(bp: Blueprint, cases: Cases, http: Http) -> None:
    @bp.post("/drafts/<draft_id>/submit")
    @http.allow("citizen", "window")
    @bp.response(201, schemas.Submitted)
    @http.create_once(lambda actor, case_id: {"case": cases.by_id(actor, case_id)})
    def submit(draft_id: str, actor: Any, new_id: str) -> Body:
        """Submit a complete draft, which becomes a case; a draft becomes one case at most."""
        return {"case": cases.submit(actor, draft_id, new_id)}

    @bp.post("/cases/<number>/supplement")
    @http.allow("citizen")
    @bp.arguments(schemas.Supplement)
    @bp.response(200, schemas.CaseSchema)
    def supplement(body: Body, number: str, actor: Any) -> Any:
        """Hand in the materials that were asked for, against the version in If-Match."""
        case = cases.supplement(actor, number, http.wanted_version(), body["materials"], body["text"])
        return case, http.etag(case["version"])

    @bp.post("/cases/<number>/withdrawal")
    @http.allow("citizen")
    @bp.arguments(schemas.Withdrawal)
    @bp.response(200, schemas.CaseSchema)
    def withdraw(body: Body, number: str, actor: Any) -> Any:
        """Withdraw one's application, against the version in If-Match."""
        case = cases.withdraw(actor, number, http.wanted_version(), body["reason"])
        return case, http.etag(case["version"])


def _printed(bp: Blueprint, cases: Cases, http: Http, base: str) -> None:
    @bp.get("/cases/<number>/receipt.pdf")
    @http.allow("citizen", *COUNTER)
    @bp.arguments(schemas.PaperOf, location="query")
    @bp.response(200, pdf.DESCRIBED, content_type=pdf.CONTENT_TYPE)
    def receipt(query: Body, number: str, actor: Any) -> Any:
        """The document about the last act that has one, or about the act `seq`, as a PDF whose bytes stay the same."""
        content = cases.paper(actor, number, query.get("seq"), base, lambda paper: pdf.printed(paper, owner_of(actor)))
        return pdf.answered(content, f"回执-{number}")

    @bp.get("/cases/<number>/documents")
    @http.allow("citizen", *READERS)
    @bp.response(200, schemas.DocumentList)
    def documents(number: str, actor: Any) -> Body:
        """The documents of a case: number, title, date, verification code, and where their bytes are."""
        return {"items": cases.papers(actor, number)}


def _following(bp: Blueprint, cases: Cases, http: Http) -> None:
    @bp.get("/cases")
    @http.allow("citizen")
    @bp.arguments(Paging, location="query")
    @bp.response(200, my_cases_schemas.MyCasePage)
    def mine(paging: Body, actor: Any) -> Body:
        """One's own cases, newest first."""
        listed = walked(lambda after, most: cases.mine.page(actor, after, most), paging)
        return {**listed, "by_number": cases.mine.by_number(actor)}

    @bp.get("/cases/<number>")
    @http.allow("citizen", *READERS)
    @bp.response(200, schemas.CaseSchema)
    def case(number: str, actor: Any) -> Any:
        """A case; its ETag is the version that an act must name."""
        case = cases.case(actor, number)
        return case, http.etag(case["version"])

    @bp.get("/cases/<number>/timeline")
    @http.allow("citizen", *READERS)
    @bp.response(200, schemas.Timeline)
    def timeline(number: str, actor: Any) -> Body:
        """The timeline of a case: its acts, and the conversations about it, in order of time."""
        return {"items": cases.timeline(actor, number)}

    @bp.get("/cases/<number>/clock")
    @http.allow("citizen", *READERS)
    @bp.response(200)
    def clock(number: str, actor: Any) -> Body:
        """The working-day clock: dues, days used and left, and its ledger."""
        return cases.clock(actor, number)

    @bp.post("/lookups")
    @http.allow("anyone")
    @http.visitor
    @bp.arguments(schemas.Lookup)
    @bp.response(200, schemas.LookupResult)
    def look_up(body: Body, actor: Any) -> Body:
        """The state of a case, without a log-in, for its number and receipt code.

        After five wrong codes of a case, no code is answered until the next day, but for those it concerns.
        """
        return cases.look_up(actor, body["number"], body["code"])


def _handling(bp: Blueprint, cases: Cases, http: Http) -> None:
    @bp.get("/desk/cases")
    @http.allow(*READERS)
    @bp.arguments(schemas.CaseQueue, location="query")
    @bp.response(200, schemas.CasePage)
    def queue(wanted: Body, actor: Any) -> Body:
        """A queue of one's desk or department, soonest due first; `all`, with ended cases, by submission."""
        listed = walked(lambda after, most: cases.queue(actor, wanted["queue"], after, most), wanted)
        cases.looked_at(actor, wanted["queue"], len(listed["items"]))
        return listed

    @bp.post("/desk/cases/search")
    @http.allow(*READERS)
    @bp.arguments(schemas.CaseSearch)
    @bp.response(200, schemas.CasePage)
    def search(wanted: Body, actor: Any) -> Body:
        """Find cases of one's desk or department by number, name or telephone, which stand in no address or log."""
        return walked(lambda after, most: cases.search(actor, wanted["text"], after, most), wanted)

    @bp.get("/desk/queues")
    @http.allow(*READERS)
    @bp.response(200, schemas.QueueList)
    def queues(actor: Any) -> Body:
        """The queues of one's desk or department, with how many cases lie in each."""
        return cases.queues(actor)

    @bp.get("/desk/departments")
    @http.allow(*READERS, "admin")
    @bp.response(200, schemas.DepartmentList)
    def departments(actor: Any) -> Body:
        """The departments that a case may be transferred to, and a post may name."""
        return {"items": cases.departments()}

    @bp.post("/cases/<number>/actions")
    @http.allow(*COUNTER)
    @bp.arguments(ActSchema)
    @bp.response(200, schemas.CaseSchema)
    def act(body: Body, number: str, actor: Any) -> Any:
        """An act of staff, against the version in If-Match."""
        case = cases.act(actor, number, http.wanted_version(), body["act"], body["data"])
        return case, http.etag(case["version"])


def _at_the_counter(bp: Blueprint, cases: Cases, http: Http) -> None:
    @bp.get("/desk/untold")
    @http.allow("window")
    @bp.arguments(Paging, location="query")
    @bp.response(200, counter_schemas.UntoldPage)
    def untold(paging: Body, actor: Any) -> Body:
        """The cases at one's window whose applicants have no account and must be told the news, the latest first."""
        listed = walked(lambda after, most: cases.untold.page(actor, after, most), paging)
        cases.looked_at(actor, "untold", len(listed["items"]))
        return listed

    @bp.post("/cases/<number>/told")
    @http.allow("window")
    @bp.arguments(counter_schemas.ToldHow)
    @bp.response(200, counter_schemas.ToldSchema)
    def note_told(body: Body, number: str, actor: Any) -> Body:
        """Note that the applicant was told how the case stands, against the version in If-Match."""
        return cases.untold.note_told(actor, number, http.wanted_version(), body["how"], body["since"])
