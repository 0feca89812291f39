"""The routes of parcels, and the callback for carriers' pushes."""

from typing import Any

from flask import Response
from flask_smorest import Blueprint

from api.parcels import schemas
from api.parcels.carriers.kuaidi100 import ANSWER
from api.parcels.service import Parcels
from api.web.guard import READERS, Http, page

Body = dict[str, Any]


def blueprint(parcels: Parcels, http: Http) -> Blueprint:
    """The routes of this room."""
    bp = Blueprint("parcels", __name__, url_prefix="/v1", description="Courier")
    _sending(bp, parcels, http)
    _following(bp, parcels, http)
    _pushed(bp, parcels, http)
    return bp


def _sending(bp: Blueprint, parcels: Parcels, http: Http) -> None:
    @bp.post("/cases/<number>/parcels")
    @http.allow("window")
    @bp.arguments(schemas.NewParcel)
    @bp.response(201, schemas.ParcelSchema)
    @http.create_once(parcels.parcel)
    def send(body: Body, number: str, actor: Any, new_id: str) -> Body:
        """Send the licence of an issued case."""
        return parcels.send(actor, number, body["carrier"], body.get("number"), new_id)

    @bp.get("/cases/<number>/parcels")
    @http.allow("citizen", *READERS)
    @bp.response(200, schemas.ParcelPage)
    def of_case(number: str, actor: Any) -> Body:
        """A case's parcels."""
        return {"items": parcels.of_case(actor, number), "next": None}


def _following(bp: Blueprint, parcels: Parcels, http: Http) -> None:
    @bp.get("/parcels/<parcel_id>")
    @http.allow("citizen", *READERS)
    @bp.response(200, schemas.ParcelSchema)
    def parcel(parcel_id: str, actor: Any) -> Any:
        """A parcel."""
        parcel = parcels.parcel(actor, parcel_id)
        return parcel, http.etag(parcel["version"])

    @bp.get("/parcels/<parcel_id>/events")
    @http.allow("citizen", *READERS)
    @bp.response(200, schemas.TrackingLines)
    def events(parcel_id: str, actor: Any) -> Body:
        """The tracking events of a parcel, oldest first."""
        return {"items": parcels.parcel(actor, parcel_id)["events"]}

    @bp.post("/parcels/<parcel_id>/confirmation")
    @http.allow("citizen")
    @bp.arguments(schemas.Confirmation)
    @bp.response(200, schemas.ParcelSchema)
    def confirm(_: Body, parcel_id: str, actor: Any) -> Any:
        """Confirm that one has received a parcel, against the version in If-Match."""
        confirmed = parcels.confirm(actor, parcel_id, http.wanted_version())
        return confirmed, http.etag(confirmed["version"])

    @bp.get("/desk/parcels")
    @http.allow(*READERS)
    @bp.arguments(schemas.ParcelQueue, location="query")
    @bp.response(200, schemas.ParcelPage)
    def queue(wanted: Body, actor: Any) -> Body:
        """A saved queue of the parcels of one's desk or department."""
        listed = page(lambda after, most: parcels.queue(actor, wanted["queue"], after, most), wanted)
        parcels.looked_at(actor, wanted["queue"], len(listed["items"]))
        return listed


def _pushed(bp: Blueprint, parcels: Parcels, http: Http) -> None:
    @bp.post("/carriers/kuaidi100/<secret>")
    @http.allow("anyone")
    @bp.arguments(schemas.Push, location="form")
    @bp.response(200)
    def push(body: Body, secret: str) -> Response:
        """Take a push of 快递100; any other answer than this one makes it repeat the push."""
        parcels.receive(secret, body["param"], body["sign"])
        return Response(ANSWER, content_type="application/json; charset=utf-8")
