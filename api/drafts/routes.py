"""The routes of drafts: begin, read, change, move and delete them."""

from typing import Any

from flask_smorest import Blueprint

from api.drafts import schemas
from api.drafts.service import Drafts
from api.web.fields import Paging
from api.web.guard import Http, page

Body = dict[str, Any]


def blueprint(drafts: Drafts, http: Http) -> Blueprint:
    """The routes of this room."""
    bp = Blueprint("drafts", __name__, url_prefix="/v1", description="Forms being filled in")
    _reading(bp, drafts, http)
    _changing(bp, drafts, http)
    return bp


def _reading(bp: Blueprint, drafts: Drafts, http: Http) -> None:
    @bp.post("/drafts")
    @http.allow("citizen", "window")
    @bp.arguments(schemas.NewDraft)
    @bp.response(201, schemas.DraftSchema)
    @http.create_once(drafts.draft)
    def begin(body: Body, actor: Any, new_id: str) -> Body:
        """Begin a draft for a matter; an officer of a window, for somebody who stands there (`aided`)."""
        return drafts.begin(actor, body, new_id)

    @bp.get("/drafts")
    @http.allow("citizen", "window")
    @bp.arguments(Paging, location="query")
    @bp.response(200, schemas.DraftPage)
    def mine(paging: Body, actor: Any) -> Body:
        """One's own drafts, newest first."""
        return page(lambda after, most: drafts.mine(actor, after, most), paging)

    @bp.get("/drafts/<draft_id>")
    @http.allow("citizen", "window")
    @bp.response(200, schemas.DraftSchema)
    def draft(draft_id: str, actor: Any) -> Any:
        """One's own draft."""
        draft = drafts.draft(actor, draft_id)
        return draft, http.etag(draft["version"])

    @bp.get("/drafts/<draft_id>/hints")
    @http.allow("citizen", "window")
    @bp.response(200, schemas.HintsSchema)
    def hints(draft_id: str, actor: Any) -> Body:
        """What one's own draft could take over from the profile and earlier cases, and whether its matter is open."""
        return drafts.hints(actor, draft_id)


def _changing(bp: Blueprint, drafts: Drafts, http: Http) -> None:
    @bp.patch("/drafts/<draft_id>")
    @http.allow("citizen", "window")
    @bp.arguments(schemas.DraftChange)
    @bp.response(200, schemas.DraftSchema)
    def change(body: Body, draft_id: str, actor: Any) -> Any:
        """Change a draft against the version in If-Match."""
        changed = drafts.change(actor, draft_id, http.wanted_version(), body)
        return changed, http.etag(changed["version"])

    @bp.post("/drafts/<draft_id>/materials")
    @http.allow("citizen")
    @bp.arguments(schemas.TakenOver)
    @bp.response(200, schemas.DraftSchema)
    def take_over(body: Body, draft_id: str, actor: Any) -> Any:
        """Use a file that one sent in a conversation as a material, against the version in If-Match."""
        changed = drafts.take_over(actor, draft_id, http.wanted_version(), body)
        return changed, http.etag(changed["version"])

    @bp.post("/drafts/<draft_id>/suggestions")
    @http.allow("citizen")
    @bp.arguments(schemas.TakenSuggestions)
    @bp.response(200, schemas.DraftSchema)
    def take_suggestions(body: Body, draft_id: str, actor: Any) -> Any:
        """Fill fields with what the hints suggest for them, against the version in If-Match."""
        changed = drafts.take_suggestions(actor, draft_id, http.wanted_version(), body["fields_"])
        return changed, http.etag(changed["version"])

    @bp.post("/drafts/<draft_id>/move")
    @http.allow("citizen", "window")
    @bp.arguments(schemas.MoveSchema)
    @bp.response(200, schemas.DraftSchema)
    def move(body: Body, draft_id: str, actor: Any) -> Any:
        """Move a draft to the newer version of its matter, against the version in If-Match."""
        moved = drafts.move(actor, draft_id, http.wanted_version(), body["version"])
        return moved, http.etag(moved["version"])

    @bp.delete("/drafts/<draft_id>")
    @http.allow("citizen", "window")
    @bp.response(204)
    def drop(draft_id: str, actor: Any) -> None:
        """Delete a draft that was not submitted, against the version in If-Match."""
        drafts.drop(actor, draft_id, http.wanted_version())
