"""Routes of verifications: of an account's identity, online and at a window, and of its phone number."""

from typing import Any

from flask_smorest import Blueprint

from api.identity.phones.service import Phones
from api.identity.schemas import PersonSchema
from api.identity.verifications import schemas
from api.identity.verifications.service import Verifications
from api.web.fields import Paging
from api.web.guard import COUNTER, Http, page

Body = dict[str, Any]


def add_routes(bp: Blueprint, verifications: Verifications, phones: Phones, http: Http) -> None:
    """Add them to the blueprint of this room."""
    _own(bp, verifications, phones, http)
    _window(bp, verifications, http)
    _lists(bp, verifications, http)


def _own(bp: Blueprint, verifications: Verifications, phones: Phones, http: Http) -> None:
    @bp.post("/me/verification")
    @http.allow("citizen")
    @bp.arguments(schemas.CardSeen)
    @bp.response(200, PersonSchema)
    def verify(body: Body, actor: Any) -> Body:
        """Verify one's name and identity number with the national register."""
        return verifications.verify_online(actor, body["name"], body["id_number"])

    @bp.post("/me/phone")
    @http.allow("citizen")
    @bp.arguments(schemas.NewPhone)
    @bp.response(200, PersonSchema)
    def change_phone(body: Body, actor: Any) -> Body:
        """Change one's phone number, with a code sent to the new number and one to the old."""
        return phones.change(actor, body)

    @bp.get("/me/verifications")
    @http.allow("citizen")
    @bp.response(200, schemas.OwnVerifications)
    def mine(actor: Any) -> Body:
        """One's own verifications, with the code to be read out at a window, and those of what is to join."""
        return {"items": verifications.mine(actor)}

    @bp.post("/me/verifications/<verification_id>/objection")
    @http.allow("citizen")
    @bp.response(200, schemas.OwnVerification)
    def object_to(verification_id: str, actor: Any) -> Body:
        """Stop a verification that one did not ask for; what it bound is undone."""
        return verifications.object(actor, verification_id)


def _window(bp: Blueprint, verifications: Verifications, http: Http) -> None:
    @bp.post("/staff/verifications")
    @http.allow(*COUNTER)
    @bp.arguments(schemas.CardSeenAtWindow)
    @bp.response(201, schemas.OpenedVerification)
    def open_card(body: Body, actor: Any) -> Body:
        """Open the verification of a citizen whose card was seen; a code goes to the account's own device."""
        return verifications.open_card(actor, body)

    @bp.post("/staff/verifications/<citizen_id>/phone")
    @http.allow(*COUNTER)
    @bp.arguments(schemas.NewPhoneAtWindow)
    @bp.response(201, schemas.OpenedVerification)
    def open_phone(body: Body, citizen_id: str, actor: Any) -> Body:
        """Open the change of a citizen's phone number on their card; it is done a day later, or once confirmed."""
        return verifications.open_phone(actor, citizen_id, body)

    @bp.post("/staff/verifications/<verification_id>/confirmation")
    @http.allow(*COUNTER)
    @bp.arguments(schemas.ConfirmationCode)
    @bp.response(200, schemas.VerificationLine)
    def confirm(body: Body, verification_id: str, actor: Any) -> Body:
        """Confirm a verification: with the code on the account's device, or as a second officer of the same place."""
        return verifications.confirm(actor, verification_id, body["code"])


def _lists(bp: Blueprint, verifications: Verifications, http: Http) -> None:
    @bp.get("/desk/verifications")
    @http.allow(*COUNTER)
    @bp.arguments(Paging, location="query")
    @bp.response(200, schemas.VerificationPage)
    def waiting(paging: Body, actor: Any) -> Body:
        """The verifications that wait at one's own place to be confirmed."""
        return page(lambda after, most: verifications.waiting(actor, after, most), paging)

    @bp.get("/staff/verifications")
    @http.allow("supervisor")
    @bp.arguments(schemas.VerificationQuery, location="query")
    @bp.response(200, schemas.VerificationPage)
    def listed(query: Body, actor: Any) -> Body:
        """The verifications of a month: who, where, when, which account."""
        paging = {"limit": query.pop("limit"), "cursor": query.pop("cursor", None)}
        return page(lambda after, most: verifications.listed(actor, query, after, most), paging)

    @bp.post("/staff/verifications/<verification_id>/revocation")
    @http.allow("supervisor")
    @bp.response(200, schemas.VerificationLine)
    def revoke(verification_id: str, actor: Any) -> Body:
        """Undo a verification: the account is bound to nobody any more."""
        return verifications.revoke(actor, verification_id)
