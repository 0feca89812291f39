"""Routes of staff: log-in, one's own password and second factor, posts, recovery."""

from typing import Any

from flask import request
from flask_smorest import Blueprint

from api.identity.sessions.device import device_of
from api.identity.staff import schemas
from api.identity.staff.recoveries import Recoveries
from api.identity.staff.service import Staff
from api.web.fields import Paging
from api.web.guard import Http, page

Body = dict[str, Any]


def add_routes(bp: Blueprint, staff: Staff, recoveries: Recoveries, http: Http) -> None:
    """Add them to the blueprint of this room."""
    _log_in(bp, staff, http)
    _posts(bp, staff, http)
    _recovery(bp, recoveries, http)


def _log_in(bp: Blueprint, staff: Staff, http: Http) -> None:
    @bp.post("/staff/sessions")
    @http.allow("anyone")
    @bp.arguments(schemas.StaffLogIn)
    @bp.response(201, schemas.StaffTokens)
    def log_in_staff(body: Body) -> Body:
        """Log in as staff."""
        agent = device_of(request.headers.get("User-Agent", ""))
        proofs = (body.get("totp", ""), body.get("device", ""))
        return staff.log_in(body["username"], body["password"], *proofs, agent=agent)

    @bp.post("/staff/password")
    @http.allow("staff", "newcomer")
    @bp.arguments(schemas.NewPassword)
    @bp.response(200, schemas.StaffDuties)
    def change_password(body: Body, actor: Any) -> Body:
        """Change one's own password; the other log-ins end."""
        return staff.change_password(actor, body["old"], body["new"])

    @bp.post("/staff/totp")
    @http.allow("staff", "newcomer", fresh=("staff", "newcomer"))
    @bp.response(201, schemas.TotpSecret)
    def begin_totp(actor: Any) -> Body:
        """Begin to set up one's authenticator: a new secret, in force once confirmed."""
        return staff.begin_totp(actor)

    @bp.post("/staff/totp/confirmation")
    @http.allow("staff", "newcomer")
    @bp.arguments(schemas.TotpDigits)
    @bp.response(200, schemas.StaffDuties)
    def confirm_totp(body: Body, actor: Any) -> Body:
        """Confirm one's authenticator; from now on log-in requires it."""
        return staff.confirm_totp(actor, body["code"])


def _posts(bp: Blueprint, staff: Staff, http: Http) -> None:
    @bp.get("/staff")
    @http.allow("admin")
    @bp.arguments(schemas.StaffQuery, location="query")
    @bp.response(200, schemas.StaffPage)
    def members(query: Body, actor: Any) -> Body:
        """Members of staff, filtered by a word, a role, or whether they are active."""
        paging = {"limit": query.pop("limit"), "cursor": query.pop("cursor", None)}
        return page(lambda after, most: staff.members(query, after, most), paging)

    @bp.post("/staff")
    @http.allow("admin", fresh=("admin",))
    @bp.arguments(schemas.NewStaff)
    @bp.response(201, schemas.StaffMember)
    @http.create_once(lambda actor, staff_id: staff.member(staff_id))
    def add(body: Body, actor: Any, new_id: str) -> Body:
        """Add a member of staff; only this answer contains the first password."""
        return staff.add(actor, body, new_id)

    @bp.get("/staff/<staff_id>")
    @http.allow("admin")
    @bp.response(200, schemas.StaffMember)
    def member(staff_id: str, actor: Any) -> Any:
        """One member of staff."""
        member = staff.member(staff_id)
        return member, 200, http.etag(member["version"])

    @bp.patch("/staff/<staff_id>")
    @http.allow("admin", fresh=("admin",))
    @bp.arguments(schemas.StaffChange)
    @bp.response(200, schemas.StaffMember)
    def change(body: Body, staff_id: str, actor: Any) -> Any:
        """Change a post, or end it; the person must log in again."""
        changed = staff.change(actor, staff_id, http.wanted_version(), body)
        return changed, 200, http.etag(changed["version"])


def _recovery(bp: Blueprint, recoveries: Recoveries, http: Http) -> None:
    @bp.get("/staff/recoveries")
    @http.allow("admin")
    @bp.arguments(Paging, location="query")
    @bp.response(200, schemas.RecoveryPage)
    def waiting(paging: Body, actor: Any) -> Body:
        """The recoveries that wait for a second administrator."""
        return page(recoveries.waiting, paging, by="staff")

    @bp.post("/staff/<staff_id>/recovery")
    @http.allow("admin", fresh=("admin",))
    @bp.response(201, schemas.Recovery)
    def open_recovery(staff_id: str, actor: Any) -> Body:
        """Request the recovery of an account, which another administrator must confirm."""
        return recoveries.open(actor, staff_id)

    @bp.post("/staff/<staff_id>/recovery/confirmation")
    @http.allow("admin", fresh=("admin",))
    @bp.response(200, schemas.StaffMember)
    def confirm_recovery(staff_id: str, actor: Any) -> Body:
        """Confirm the recovery that another administrator requested; only this answer contains the first password."""
        return recoveries.confirm(actor, staff_id)

    @bp.delete("/staff/<staff_id>/recovery")
    @http.allow("admin")
    @bp.response(204)
    def withdraw_recovery(staff_id: str, actor: Any) -> None:
        """Cancel a recovery that waits."""
        recoveries.withdraw(actor, staff_id)
