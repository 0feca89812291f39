"""The routes of the pages in words: for phones too old for the pages, and for who blocks scripts.

Halls with address, hours and telephone, search by a plain form, the guide of a matter as it is printed, the look-up of
a case, and whether a printed document is genuine. No script, one style sheet, HTML that any browser of the last twenty
years shows.
"""

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Literal

from flask import Blueprint, Response, make_response, render_template, request, send_from_directory, url_for

from api.calendar.service import Calendar
from api.cases.service import Cases
from api.circle.point import ServicePoint
from api.circle.service import Circle
from api.matters.guide import printing
from api.matters.service import Matters
from api.refusals import NotFound
from api.times import BEIJING
from api.web.guard import Http

MOST = 20
LONGEST_QUESTION = 200
LONGEST_NUMBER = 40
"""The most characters that are looked up; more than these are refused in words, never cut."""
WEEK = timedelta(days=6)
KINDS = {
    "hall": ("大厅", "Halls"),
    "centre": ("街道便民服务中心", "Centres"),
    "station": ("社区便民服务站", "Stations"),
}
WEEKDAYS = (
    *(("周一", "Mon"), ("周二", "Tue"), ("周三", "Wed"), ("周四", "Thu")),
    *(("周五", "Fri"), ("周六", "Sat"), ("周日", "Sun")),
)
Row = dict[str, Any]
Hours = Callable[[ServicePoint, timedelta], list[Row]]


def blueprint(
    *,
    circle: Circle,
    calendar: Calendar,
    matters: Matters,
    cases: Cases,
    http: Http,
    now: Callable[[], datetime],
    trial: bool = False,
) -> Blueprint:
    """The routes of the pages in words; in a trial each says so."""
    bp = Blueprint("plain", __name__, template_folder="templates")
    bp.context_processor(lambda: {"trial": trial})

    def hours(point: ServicePoint, days: timedelta) -> list[Row]:
        """The opening periods of a point from today on, one row per day."""
        today = now().astimezone(BEIJING).date()
        rows = calendar.opening_days(point.opening_hours, today, today + days)
        return [{**row, "weekday": WEEKDAYS[row["date"].weekday()]} for row in rows]

    _places(bp, circle, hours, http)
    _matters(bp, matters, http)
    _cases(bp, cases, http)
    _documents(bp, cases, http)

    @bp.get("/plain.css")
    @http.allow("anyone")
    def style() -> Response:
        return send_from_directory(Path(__file__).parent, "plain.css", max_age=3_600)

    return bp


def _places(bp: Blueprint, circle: Circle, hours: Hours, http: Http) -> None:
    @bp.get("/plain")
    @http.allow("anyone")
    def home() -> Response:
        """Search, look-up, and all places that people can go to, by kind."""
        there = [point for point in circle.points() if point.built != "no"]
        groups = [
            (words, [(point, hours(point, timedelta())[0]) for point in there if point.kind == kind])
            for kind, words in KINDS.items()
        ]
        return _page(http, "home.html", groups=groups, typed="")

    @bp.get("/plain/points/<point_id>")
    @http.allow("anyone")
    def point(point_id: str) -> Response:
        """One place, with its hours of the next seven days."""
        place = circle.point(point_id)
        return _page(http, "point.html", point=place, days=hours(place, WEEK))


def _matters(bp: Blueprint, matters: Matters, http: Http) -> None:
    @bp.get("/plain/search")
    @http.allow("anyone")
    def search() -> Response:
        """The matters that fit what was typed, and whom to ask for what others do."""
        typed = request.args.get("q", "")
        too_long = len(typed) > LONGEST_QUESTION
        asked = typed if typed.strip() and not too_long else ""
        rows, elsewhere = (matters.search(asked, MOST), matters.elsewhere(asked)) if asked else ([], [])
        most = LONGEST_QUESTION if too_long else None
        return _page(http, "search.html", typed=typed, rows=rows, elsewhere=elsewhere, most=most)

    @bp.get("/plain/matters/<code>")
    @http.allow("anyone")
    def matter(code: str) -> Response:
        """The general guide of a matter, laid out as it is printed."""
        paper = printing.paper(matters.guide(code), "", {}, language=_language(http), size="normal")
        return _page(http, "matter.html", paper=paper)


def _cases(bp: Blueprint, cases: Cases, http: Http) -> None:
    @bp.post("/plain/case")
    @http.allow("anyone")
    @http.visitor
    def case(actor: Any) -> Response:
        """The state of a case, for its number and receipt code; changes nothing, and a wrong code counts."""
        number, code = request.form.get("number", ""), request.form.get("code", "")
        try:
            if max(len(number), len(code)) > LONGEST_NUMBER:
                raise NotFound
            found = cases.look_up(actor, number, code)
        except NotFound:
            return _page(http, "case.html", 404, case=None)
        return _page(http, "case.html", case=found)


def _documents(bp: Blueprint, cases: Cases, http: Http) -> None:
    def page_of(code: str) -> Response:
        document = cases.documents.verified(code)
        digest = document and document["sha256"] and " ".join(re.findall(".{8}", document["sha256"]))
        values = {"document": document, "digest": digest, "typed": code[:LONGEST_NUMBER]}
        return _page(http, "verify.html", 200 if document else 404, **values)

    @bp.get("/verify/<code>")
    @http.allow("anyone")
    def verify(code: str) -> Response:
        """Whether a document with this code is genuine and still stands; says nothing about whose it is."""
        return page_of(code)

    @bp.post("/verify")
    @http.allow("anyone")
    def verify_typed() -> Response:
        """The same for a code that was typed; changes nothing."""
        return page_of(request.form.get("code", ""))


def _language(http: Http) -> Literal["zh", "en"]:
    """The language chosen on the page, else the browser's."""
    chosen = request.args.get("lang")
    return "en" if (chosen or http.language()) == "en" else "zh"


def _page(http: Http, template: str, status: int = 200, **values: Any) -> Response:
    """A page in the asked language; `t(zh, en)` in a template gives the words of that language."""
    language = _language(http)

    def words(zh: str, en: str) -> str:
        return en if language == "en" else zh

    asked = {"q": request.args["q"]} if "q" in request.args else {}  # no other key: `url_for` has arguments of its own
    here = {**(request.view_args or {}), **asked, "lang": "zh" if language == "en" else "en"}
    again = request.endpoint if request.method == "GET" and request.endpoint else "plain.home"
    text = render_template(template, t=words, language=language, other_language=url_for(again, **here), **values)
    response = make_response(text, status)
    response.headers["Cache-Control"] = "no-store" if request.method == "POST" else "no-cache"
    return response
