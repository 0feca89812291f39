"""Routes of files: uploads by tus 1.0 (https://tus.io/protocols/resumable-upload), and signed addresses.

Of tus: core, creation, checksum, expiration, termination.
"""

from collections.abc import Iterator
from datetime import datetime
from itertools import chain
from typing import Any
from urllib.parse import quote

from flask import Response, request
from flask_smorest import Blueprint
from uuid6 import uuid7
from werkzeug.exceptions import ClientDisconnected
from werkzeug.http import http_date

from api.files import schemas
from api.files.file import CHECKSUMS, MOST_BYTES, MediaType, OffsetWrong, TusVersion, checksum
from api.files.service import Files
from api.refusals import BadFields
from api.web.guard import COUNTER, Http

TUS = {
    "Tus-Resumable": "1.0.0",
    "Tus-Version": "1.0.0",
    "Tus-Extension": "creation,checksum,expiration,termination",
    "Tus-Checksum-Algorithm": ",".join(CHECKSUMS),
    "Tus-Max-Size": str(MOST_BYTES),
}
READ_BYTES = 16 * 1024
PATCH_TYPE = "application/offset+octet-stream"
CONTENT_POLICY = (
    "default-src 'none'; img-src 'self'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'; sandbox"
)
"""The policy of a file that is opened by itself; browsers set the page that they show a picture on by a style."""


def blueprint(files: Files, http: Http) -> Blueprint:
    """The routes of this room."""
    bp = Blueprint("files", __name__, url_prefix="/v1", description="Uploads and files")
    _tus_support(bp, http)
    _uploads(bp, files, http)
    _files(bp, files, http)
    return bp


def _tus_support(bp: Blueprint, http: Http) -> None:
    @bp.after_request
    def speak_tus(response: Response) -> Response:
        """Add what this tus server supports to every answer, refusals included."""
        if request.path.startswith("/v1/uploads"):
            response.headers.extend(TUS)
            response.headers["Cache-Control"] = "no-store"
        return response

    @bp.route("/uploads", methods=["OPTIONS"])
    @http.allow("anyone")
    @bp.response(204)
    def options() -> Response:
        """What this tus server supports."""
        return Response(status=204)


def _uploads(bp: Blueprint, files: Files, http: Http) -> None:
    @bp.post("/uploads")
    @http.allow("citizen", "staff")
    @bp.response(201)
    def create(actor: Any) -> Response:
        """Begin an upload of Upload-Length bytes; it is removed if it is not finished by Upload-Expires."""
        _tus_spoken()
        metadata = request.headers.get("Upload-Metadata", "")
        row = files.begin(actor, _number("Upload-Length"), metadata, str(uuid7()))
        return Response(status=201, headers={"Location": f"/v1/uploads/{row['id']}", **_progress(row)})

    @bp.route("/uploads/<upload_id>", methods=["HEAD"])
    @http.allow("citizen", "staff")
    @bp.response(200)
    def offset(upload_id: str, actor: Any) -> Response:
        """How many bytes of an upload have arrived (Upload-Offset)."""
        row = files.upload(actor, upload_id)
        return Response(headers={"Upload-Length": str(row["size"]), **_progress(row)})

    @bp.route("/uploads/<upload_id>", methods=["PATCH"])
    @http.allow("citizen", "staff")
    @bp.response(204)
    def receive(upload_id: str, actor: Any) -> Response:
        """Append bytes at Upload-Offset; with Upload-Checksum, all of them or (460) none."""
        _tus_spoken()
        if request.mimetype != PATCH_TYPE:
            raise MediaType
        header = request.headers.get("Upload-Checksum")
        wanted = checksum(header) if header is not None else None
        row = files.receive(actor, upload_id, _number("Upload-Offset"), _pieces(), wanted)
        return Response(status=204, headers=_progress(row))

    @bp.delete("/uploads/<upload_id>")
    @http.allow("citizen", "staff")
    @bp.response(204)
    def give_up(upload_id: str, actor: Any) -> Response:
        """Remove an upload that nothing uses."""
        files.give_up(actor, upload_id)
        return Response(status=204)


def _files(bp: Blueprint, files: Files, http: Http) -> None:
    @bp.get("/uploads/<upload_id>")
    @http.allow("citizen", "staff")
    @bp.response(200, schemas.Upload)
    def upload(upload_id: str, actor: Any) -> dict[str, Any]:
        """An upload, and the result of its check."""
        return files.upload(actor, upload_id)

    @bp.get("/files/<upload_id>")
    @http.allow("citizen", *COUNTER)
    @bp.arguments(schemas.ContentQuery, location="query")
    @bp.response(200, schemas.Address)
    def address(query: dict[str, Any], upload_id: str, actor: Any) -> dict[str, Any]:
        """A signed address, valid for five minutes, of the file or (`size=thumb`) of its thumbnail."""
        return files.address(actor, upload_id, query["size"])

    @bp.get("/files/<upload_id>/content")
    @http.allow("anyone")
    @bp.arguments(schemas.Signed, location="query")
    @bp.response(200)
    def content(signed: dict[str, Any], upload_id: str) -> Response:
        """The file behind a signed address; never rendered as a page of ours."""
        row, pieces = files.content(upload_id, signed["size"], signed["until"], signed["sig"])
        first = next(pieces, b"")  # so that a broken file is refused before the answer begins
        return Response(chain([first], pieces), content_type=row["type"], headers=_content_headers(row))


def _progress(row: dict[str, Any]) -> dict[str, str]:
    """The offset of an upload and, while it is unfinished, when it expires."""
    offset = {"Upload-Offset": str(row["received"])}
    expires_at: datetime = row["expires_at"]
    return {**offset, "Upload-Expires": http_date(expires_at)} if row["state"] == "receiving" else offset


def _content_headers(row: dict[str, Any]) -> dict[str, str]:
    """Headers that keep a file from acting as a page: only pictures, which we encoded, are displayed inline."""
    disposition = "inline" if row["type"].startswith("image/") else "attachment"
    return {
        "Content-Length": str(row["size"]),
        "Content-Disposition": f"{disposition}; filename*=UTF-8''{quote(row['name'])}",
        "Content-Security-Policy": CONTENT_POLICY,
        "X-Content-Type-Options": "nosniff",
        "Cache-Control": "private, no-store",
    }


def _pieces() -> Iterator[bytes]:
    """The body as it arrives; a cut connection ends it early, and the client sends the rest later."""
    try:
        while piece := request.stream.read(READ_BYTES):
            yield piece
    except (OSError, ClientDisconnected):
        return


def _tus_spoken() -> None:
    if request.headers.get("Tus-Resumable") != "1.0.0":
        raise TusVersion


def _number(header: str) -> int:
    text = request.headers.get(header, "")
    if text.isdigit() and len(text) < 16:
        return int(text)
    if header == "Upload-Offset":
        raise OffsetWrong
    raise BadFields({header: ["应为字节数。"]})
