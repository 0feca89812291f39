"""Routes of identity: the person behind a log-in; those of log-ins, proofs, citizens, mandates and staff."""

from typing import Any

from flask_smorest import Blueprint

from api.identity import schemas
from api.identity.citizens import routes as citizens_routes
from api.identity.mandates import routes as mandates_routes
from api.identity.proofs import routes as proofs_routes
from api.identity.service import Identity
from api.identity.sessions import routes as sessions_routes
from api.identity.staff import routes as staff_routes
from api.identity.verifications import routes as verifications_routes
from api.web.guard import Http

Body = dict[str, Any]


def blueprint(identity: Identity, http: Http) -> Blueprint:
    """The routes of this room."""
    bp = Blueprint("identity", __name__, url_prefix="/v1", description="Who acts")
    _me(bp, identity, http)
    sessions_routes.add_routes(bp, identity.sessions, http)
    proofs_routes.add_routes(bp, identity.proofs, http)
    citizens_routes.add_routes(bp, identity.citizens, http)
    mandates_routes.add_routes(bp, identity.mandates, http)
    staff_routes.add_routes(bp, identity.staff, identity.recoveries, http)
    verifications_routes.add_routes(bp, identity.verifications, identity.phones, http)
    return bp


def _me(bp: Blueprint, identity: Identity, http: Http) -> None:
    @bp.get("/me")
    @http.allow("citizen", "staff", "newcomer")
    @bp.response(200, schemas.PersonSchema)
    def me(actor: Any) -> Body:
        """The person behind this log-in."""
        return identity.me(actor)

    @bp.get("/me/typed-keys")
    @http.allow("citizen", "staff")
    @bp.response(200, schemas.TypedKeys)
    def typed_keys(actor: Any) -> Body:
        """The keys by which this device seals what its person has typed and not sent yet."""
        return {"owner": actor.id, "keys": identity.typed_keys(actor)}
