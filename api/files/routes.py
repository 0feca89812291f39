"""tus 1.0 (core, creation, termination: https://tus.io/protocols/resumable-upload) and signed addresses."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

from flask import Response, request
from flask_smorest import Blueprint
from uuid6 import uuid7
from werkzeug.exceptions import ClientDisconnected

from api.files import schemas
from api.files.file import MOST_BYTES, MediaType, OffsetWrong, TusVersion
from api.files.service import Files
from api.http import Http
from api.refusals import BadFields

TUS = {"Tus-Resumable": "1.0.0", "Cache-Control": "no-store"}
READ_BYTES = 16 * 1024
PATCH_TYPE = "application/offset+octet-stream"


def blueprint(files: Files, http: Http) -> Blueprint:
    """The routes of this room."""
    bp = Blueprint("files", __name__, url_prefix="/v1", description="Uploads and files")

    @bp.route("/uploads", methods=["OPTIONS"])
    @http.allow("anyone")
    @bp.response(204)
    def options() -> Response:
        """What this tus server can do."""
        extensions = {
            "Tus-Version": "1.0.0",
            "Tus-Extension": "creation,termination",
            "Tus-Max-Size": str(MOST_BYTES),
        }
        return Response(status=204, headers={**TUS, **extensions})

    @bp.post("/uploads")
    @http.allow("citizen", "staff")
    @bp.response(201)
    def create(actor: Any) -> Response:
        """Begin an upload of Upload-Length bytes. One that is never finished ends by itself."""
        _speak_tus()
        upload_id = files.begin(
            actor, _number("Upload-Length"), request.headers.get("Upload-Metadata", ""), str(uuid7())
        )
        return Response(status=201, headers={**TUS, "Location": f"/v1/uploads/{upload_id}", "Upload-Offset": "0"})

    @bp.route("/uploads/<upload_id>", methods=["HEAD"])
    @http.allow("citizen", "staff")
    @bp.response(200)
    def offset(upload_id: str, actor: Any) -> Response:
        """How much has arrived."""
        row = files.upload(actor, upload_id)
        return Response(headers={**TUS, "Upload-Offset": str(row["received"]), "Upload-Length": str(row["size"])})

    @bp.route("/uploads/<upload_id>", methods=["PATCH"])
    @http.allow("citizen", "staff")
    @bp.response(204)
    def receive(upload_id: str, actor: Any) -> Response:
        """Bytes from Upload-Offset on."""
        _speak_tus()
        if request.content_type != PATCH_TYPE:
            raise MediaType
        now_at = files.receive(actor, upload_id, _number("Upload-Offset"), _pieces())
        return Response(status=204, headers={**TUS, "Upload-Offset": str(now_at)})

    @bp.delete("/uploads/<upload_id>")
    @http.allow("citizen", "staff")
    @bp.response(204)
    def give_up(upload_id: str, actor: Any) -> Response:
        """Drop an unfinished upload."""
        files.give_up(actor, upload_id)
        return Response(status=204, headers=TUS)

    @bp.get("/uploads/<upload_id>")
    @http.allow("citizen", "staff")
    @bp.response(200, schemas.Upload)
    def upload(upload_id: str, actor: Any) -> dict[str, Any]:
        """An upload and what the check said of it."""
        return files.upload(actor, upload_id)

    @bp.get("/files/<upload_id>")
    @http.allow("citizen", "staff")
    @bp.response(200, schemas.Address)
    def address(upload_id: str, actor: Any) -> dict[str, Any]:
        """A signed address of five minutes."""
        return files.address(actor, upload_id)

    @bp.get("/files/<upload_id>/content")
    @http.allow("anyone")
    @bp.arguments(schemas.Signed, location="query")
    @bp.response(200)
    def content(signed: dict[str, Any], upload_id: str) -> Response:
        """The file behind a signed address; never rendered as a page of ours."""
        row, body = files.content(upload_id, signed["until"], signed["sig"])
        shown = "inline" if row["type"].startswith("image/") else "attachment"
        name = f"{shown}; filename*=UTF-8''{quote(row['name'])}"
        safe = {
            "Content-Disposition": name,
            "Content-Security-Policy": "sandbox",
            "Cache-Control": "private, no-store",
        }
        return Response(body, content_type=row["type"], headers=safe)

    return bp


def _pieces() -> Iterator[bytes]:
    """The body as it arrives. A cut connection ends it early: what came before counts, the client sends the rest."""
    try:
        while piece := request.stream.read(READ_BYTES):
            yield piece
    except (OSError, ClientDisconnected):
        return


def _speak_tus() -> None:
    if request.headers.get("Tus-Resumable") != "1.0.0":
        raise TusVersion


def _number(header: str) -> int:
    text = request.headers.get(header, "")
    if text.isdigit() and len(text) < 16:
        return int(text)
    if header == "Upload-Offset":
        raise OffsetWrong
    raise BadFields({header: ["应为字节数。"]})
