"""Log-in, one's own record, mandates, and staff."""

from typing import Any

from flask import request
from flask_smorest import Blueprint

from api.identity import schemas
from api.identity.service import Identity
from api.web.fields import Paging
from api.web.guard import COUNTER, Http, page

Body = dict[str, Any]


def blueprint(identity: Identity, http: Http) -> Blueprint:
    """The routes of this room."""
    bp = Blueprint("identity", __name__, url_prefix="/v1", description="Who acts")
    _log_in(bp, identity, http)
    _me(bp, identity, http)
    _rights(bp, identity, http)
    _mandates(bp, identity, http)
    _own_post(bp, identity, http)
    _staff(bp, identity, http)
    return bp


def _log_in(bp: Blueprint, identity: Identity, http: Http) -> None:
    @bp.post("/sessions/codes")
    @http.allow("anyone")
    @bp.arguments(schemas.Phone)
    @bp.response(202, schemas.CodeSent)
    def send_code(body: Body) -> Body:
        """Send a log-in code by SMS."""
        return identity.citizens.send_code(body["phone"], request.remote_addr or "")

    @bp.post("/sessions")
    @http.allow("anyone")
    @bp.arguments(schemas.CitizenLogIn)
    @bp.response(201, schemas.Tokens)
    def log_in(body: Body) -> Body:
        """Log in with the code."""
        proofs = (body.get("device", ""), body.get("id_number", ""))
        return identity.citizens.log_in(body["phone"], body["code"], *proofs)

    @bp.post("/sessions/wechat")
    @http.allow("anyone")
    @bp.arguments(schemas.WeChatLogIn)
    @bp.response(201, schemas.Tokens)
    def log_in_by_wechat(body: Body) -> Body:
        """Log in from the mini-program; the first time with `phone_code` too."""
        proofs = (body.get("device", ""), body.get("id_number", ""))
        return identity.citizens.log_in_by_wechat(body["code"], body.get("phone_code", ""), *proofs)

    @bp.post("/staff/sessions")
    @http.allow("anyone")
    @bp.arguments(schemas.StaffLogIn)
    @bp.response(201, schemas.StaffTokens)
    def log_in_staff(body: Body) -> Body:
        """Log in as staff."""
        return identity.officers.log_in(body["username"], body["password"], body.get("totp", ""))

    @bp.post("/sessions/refresh")
    @http.allow("anyone")
    @bp.arguments(schemas.Refresh)
    @bp.response(201, schemas.Tokens)
    def refresh(body: Body) -> Body:
        """New tokens for a refresh token."""
        return identity.sessions.refresh(body["refresh_token"])

    @bp.delete("/sessions/current")
    @http.allow("citizen", "staff", "newcomer")
    @bp.response(204)
    def log_out(actor: Any) -> None:
        """Log out."""
        identity.sessions.end(actor)


def _me(bp: Blueprint, identity: Identity, http: Http) -> None:
    @bp.get("/me")
    @http.allow("citizen", "staff", "newcomer")
    @bp.response(200, schemas.Person)
    def me(actor: Any) -> Body:
        """The person behind this log-in."""
        return identity.me(actor)

    @bp.patch("/me")
    @http.allow("citizen")
    @bp.arguments(schemas.Rename)
    @bp.response(200, schemas.Person)
    def rename(body: Body, actor: Any) -> Body:
        """Change one's own name."""
        return identity.citizens.rename(actor, body["name"])

    @bp.post("/me/verification")
    @http.allow("citizen")
    @bp.arguments(schemas.CardSeen)
    @bp.response(200, schemas.Person)
    def verify(body: Body, actor: Any) -> Body:
        """Have the national register confirm one's name and number."""
        return identity.citizens.verify_online(actor, body["name"], body["id_number"])

    @bp.post("/staff/verifications")
    @http.allow(*COUNTER)
    @bp.arguments(schemas.CardSeenAtWindow)
    @bp.response(201, schemas.Person)
    def verify_at_window(body: Body, actor: Any) -> Body:
        """The card of this citizen was seen at the counter."""
        return identity.citizens.verify_at_window(actor, body)


def _rights(bp: Blueprint, identity: Identity, http: Http) -> None:
    @bp.get("/me/consents")
    @http.allow("citizen")
    @bp.response(200, schemas.Consents)
    def consents(actor: Any) -> Body:
        """What consent is asked for, and what was given and withdrawn."""
        return identity.citizens.consents(actor)

    @bp.post("/me/consents")
    @http.allow("citizen")
    @bp.arguments(schemas.ConsentTold)
    @bp.response(201, schemas.Consents)
    def consent(body: Body, actor: Any) -> Body:
        """Give or withdraw consent."""
        return identity.citizens.consent(actor, body)

    @bp.get("/me/export")
    @http.allow("citizen")
    @bp.response(200, schemas.Export)
    def export(actor: Any) -> Body:
        """A copy of all one's own data."""
        return identity.citizens.export(actor)

    @bp.delete("/me")
    @http.allow("citizen")
    @bp.response(204)
    def close(actor: Any) -> None:
        """Close one's own account."""
        identity.citizens.close(actor)


def _mandates(bp: Blueprint, identity: Identity, http: Http) -> None:
    mandates = identity.mandates

    @bp.get("/mandates")
    @http.allow("citizen")
    @bp.response(200, schemas.Mandates)
    def mine(actor: Any) -> Body:
        """The mandates that one gave or holds."""
        return {"items": mandates.mine(actor)}

    @bp.post("/mandates")
    @http.allow("citizen", *COUNTER)
    @bp.arguments(schemas.NewMandate)
    @bp.response(201, schemas.Mandate)
    @http.create_once(mandates.mandate)
    def give(body: Body, actor: Any, new_id: str) -> Body:
        """Give a mandate, or record one at a window."""
        return mandates.give(actor, body, new_id)

    @bp.get("/mandates/<mandate_id>")
    @http.allow("citizen", *COUNTER)
    @bp.response(200, schemas.Mandate)
    def mandate(mandate_id: str, actor: Any) -> Body:
        """One mandate."""
        return mandates.mandate(actor, mandate_id)

    @bp.delete("/mandates/<mandate_id>")
    @http.allow("citizen", *COUNTER)
    @bp.response(204)
    def end(mandate_id: str, actor: Any) -> None:
        """Withdraw a mandate, or lay it down."""
        mandates.end(actor, mandate_id)


def _own_post(bp: Blueprint, identity: Identity, http: Http) -> None:
    officers = identity.officers

    @bp.post("/staff/password")
    @http.allow("staff", "newcomer")
    @bp.arguments(schemas.NewPassword)
    @bp.response(200, schemas.StaffStanding)
    def change_password(body: Body, actor: Any) -> Body:
        """Change one's own password; the other log-ins end."""
        return officers.change_password(actor, body["old"], body["new"])

    @bp.post("/staff/totp")
    @http.allow("staff", "newcomer")
    @bp.response(201, schemas.TotpSecret)
    def begin_totp(actor: Any) -> Body:
        """A secret for one's own authenticator, to be confirmed."""
        return officers.begin_totp(actor)

    @bp.post("/staff/totp/confirmation")
    @http.allow("staff", "newcomer")
    @bp.arguments(schemas.TotpDigits)
    @bp.response(200, schemas.StaffStanding)
    def confirm_totp(body: Body, actor: Any) -> Body:
        """The authenticator works; from now on log-in asks for it."""
        return officers.confirm_totp(actor, body["code"])


def _staff(bp: Blueprint, identity: Identity, http: Http) -> None:
    officers = identity.officers

    @bp.get("/staff")
    @http.allow("admin")
    @bp.arguments(schemas.OfficersWanted, location="query")
    @bp.response(200, schemas.OfficerPage)
    def staff(wanted: Body, actor: Any) -> Body:
        """Members of staff: all, or those with a word, a role, or in use."""
        paging = {"limit": wanted.pop("limit"), "cursor": wanted.pop("cursor", None)}
        return page(lambda after, most: officers.all(wanted, after, most), paging)

    @bp.post("/staff")
    @http.allow("admin")
    @bp.arguments(schemas.NewOfficer)
    @bp.response(201, schemas.Officer)
    @http.create_once(lambda actor, staff_id: officers.staff(staff_id))
    def add(body: Body, actor: Any, new_id: str) -> Body:
        """A new member of staff; answers the first password, once."""
        return officers.add(actor, body, new_id)

    @bp.get("/staff/<staff_id>")
    @http.allow("admin")
    @bp.response(200, schemas.Officer)
    def one(staff_id: str, actor: Any) -> Any:
        """One member of staff."""
        found = officers.staff(staff_id)
        return found, 200, http.etag(found["version"])

    @bp.patch("/staff/<staff_id>")
    @http.allow("admin")
    @bp.arguments(schemas.OfficerChange)
    @bp.response(200, schemas.Officer)
    def change(body: Body, staff_id: str, actor: Any) -> Any:
        """Change a post, or end it; the person logs in anew."""
        changed = officers.change(actor, staff_id, http.wanted_version(), body)
        return changed, 200, http.etag(changed["version"])

    _recovery(bp, identity, http)


def _recovery(bp: Blueprint, identity: Identity, http: Http) -> None:
    officers = identity.officers

    @bp.get("/staff/recoveries")
    @http.allow("admin")
    @bp.arguments(Paging, location="query")
    @bp.response(200, schemas.RecoveryPage)
    def recoveries(paging: Body, actor: Any) -> Body:
        """The recoveries that wait for a second administrator."""
        return page(officers.recoveries, paging, by="staff")

    @bp.post("/staff/<staff_id>/recovery")
    @http.allow("admin")
    @bp.response(201, schemas.Recovery)
    def open_recovery(staff_id: str, actor: Any) -> Body:
        """Ask that an account be recovered; another administrator confirms."""
        return officers.open_recovery(actor, staff_id)

    @bp.post("/staff/<staff_id>/recovery/confirmation")
    @http.allow("admin")
    @bp.response(200, schemas.Officer)
    def confirm_recovery(staff_id: str, actor: Any) -> Body:
        """Confirm the recovery that another administrator asked for; answers a first password, once."""
        return officers.confirm_recovery(actor, staff_id)

    @bp.delete("/staff/<staff_id>/recovery")
    @http.allow("admin")
    @bp.response(204)
    def withdraw_recovery(staff_id: str, actor: Any) -> None:
        """Strike out a recovery that waits."""
        officers.withdraw_recovery(actor, staff_id)
