"""Routes of mandates."""

from typing import Any

from flask_smorest import Blueprint

from api.identity.mandates import schemas
from api.identity.mandates.service import Mandates
from api.web.guard import COUNTER, Http

Body = dict[str, Any]


def add_routes(bp: Blueprint, mandates: Mandates, http: Http) -> None:
    """Add them to the blueprint of this room."""

    @bp.get("/mandates")
    @http.allow("citizen")
    @bp.response(200, schemas.MandateList)
    def mine(actor: Any) -> Body:
        """The mandates that one gave or holds."""
        return {"items": mandates.mine(actor)}

    @bp.post("/mandates")
    @http.allow("citizen", *COUNTER, fresh=("citizen",))
    @bp.arguments(schemas.NewMandate)
    @bp.response(201, schemas.MandateSchema)
    @http.create_once(mandates.mandate)
    def give(body: Body, actor: Any, new_id: str) -> Body:
        """Give a mandate, or record one at a window."""
        return mandates.give(actor, body, new_id)

    @bp.get("/mandates/<mandate_id>")
    @http.allow("citizen", *COUNTER)
    @bp.response(200, schemas.MandateSchema)
    def mandate(mandate_id: str, actor: Any) -> Body:
        """One mandate."""
        return mandates.mandate(actor, mandate_id)

    @bp.delete("/mandates/<mandate_id>")
    @http.allow("citizen", *COUNTER)
    @bp.response(204)
    def end(mandate_id: str, actor: Any) -> None:
        """End a mandate: as its principal, as its agent, or at a window."""
        mandates.end(actor, mandate_id)
