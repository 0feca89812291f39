"""Serve the built pages: three documents, hashed assets that may be kept for ever, the service worker."""

from pathlib import Path

from flask import Blueprint, Response, abort, request, send_from_directory

from api.web.guard import Http

DIST = Path(__file__).with_name("dist")
DOCUMENTS = {"/": "index.html", "/staff": "staff.html", "/docs": "docs.html"}
NOT_BUILT = "The pages are not built yet: run `make pages`.\n"


TRIAL_MARK = ("<html ", '<html data-trial="1" ')
"""How a document says to its page that this is a trial."""


def blueprint(http: Http, dist: Path = DIST, *, trial: bool = False) -> Blueprint:
    """The routes of this room; in a trial each document says so, and its page shows it."""
    bp = Blueprint("pages", __name__)

    def document(name: str) -> Response:
        if not (dist / name).is_file():
            return Response(NOT_BUILT, 503, content_type="text/plain; charset=utf-8")
        if trial:
            response = Response((dist / name).read_text("utf-8").replace(*TRIAL_MARK, 1), mimetype="text/html")
            response.add_etag()
            response.make_conditional(request)
        else:
            response = send_from_directory(dist, name, max_age=0)
        response.headers["Cache-Control"] = "no-cache"
        return response

    for path, name in DOCUMENTS.items():
        view = http.allow("anyone")(lambda name=name: document(name))
        bp.add_url_rule(path, endpoint=name.removesuffix(".html"), view_func=view)

    @bp.get("/assets/<path:name>")
    @http.allow("anyone")
    def asset(name: str) -> Response:
        return _asset(dist / "assets", name)

    @bp.get("/<name>.<any(js, svg, webmanifest, png, ico):ending>")
    @http.allow("anyone")
    def top(name: str, ending: str) -> Response:
        return send_from_directory(dist, f"{name}.{ending}", max_age=0)

    return bp


def _asset(folder: Path, name: str) -> Response:
    """A hashed file, compressed at build: Flask does not compress."""
    if not (folder / name).is_file():
        abort(404)
    gzipped = "gzip" in request.accept_encodings and (folder / f"{name}.gz").is_file()
    response = send_from_directory(folder, name, max_age=31_536_000)
    if gzipped:
        packed = send_from_directory(folder, f"{name}.gz", max_age=31_536_000)
        packed.headers["Content-Encoding"] = "gzip"
        packed.headers["Content-Type"] = response.headers["Content-Type"]
        response = packed
    response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
    response.vary.add("Accept-Encoding")
    return response
