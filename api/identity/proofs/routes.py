"""Routes of fresh proofs."""

from typing import Any

from flask import request
from flask_smorest import Blueprint

from api.identity.citizens.schemas import CodeSent
from api.identity.proofs import schemas
from api.identity.proofs.service import FreshProofs
from api.web.guard import Http

Body = dict[str, Any]


def add_routes(bp: Blueprint, proofs: FreshProofs, http: Http) -> None:
    """Add them to the blueprint of this room."""

    @bp.get("/me/proof")
    @http.allow("citizen", "staff", "newcomer")
    @bp.response(200, schemas.ProofStanding)
    def standing(actor: Any) -> Body:
        """How a fresh proof is given, and whether the last one still holds."""
        return proofs.standing(actor)

    @bp.post("/me/proof")
    @http.allow("citizen", "staff", "newcomer")
    @bp.arguments(schemas.FreshProof)
    @bp.response(200, schemas.ProofStanding)
    def prove(body: Body, actor: Any) -> Body:
        """Prove again who one is, for some minutes, under this log-in."""
        return proofs.prove(actor, body)

    @bp.post("/me/proof/code")
    @http.allow("citizen")
    @bp.response(202, CodeSent)
    def send_code(actor: Any) -> Body:
        """Send a code for a fresh proof by SMS."""
        return proofs.send_code(actor, request.remote_addr or "", http.language())
