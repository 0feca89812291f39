"""Conversations over HTTP: opening, catching up, posting where no socket is, closing."""

from typing import Any

from flask import Response
from flask_smorest import Blueprint

from chat import schemas
from chat.ports import Http
from chat.service import Chat

Body = dict[str, Any]
Answer = tuple[Body, dict[str, str]]


def blueprint(chat: Chat, http: Http) -> Blueprint:
    """The routes of the chat."""
    bp = Blueprint("chat", __name__, url_prefix="/v1", description="Live consultation")

    def versioned(view: Body) -> Answer:
        return view, http.etag(view["version"])

    @bp.post("/conversations")
    @http.allow("citizen")
    @bp.arguments(schemas.Ask)
    @bp.response(201, schemas.Conversation)
    @http.create_once(chat.made)
    def ask(body: Body, actor: Any, new_id: str) -> Body:
        """Ask the desk of a matter, a case or a point."""
        return chat.open(actor, new_id, body)

    @bp.get("/conversations")
    @http.allow("citizen")
    @bp.arguments(schemas.PageQuery, location="query")
    @bp.response(200, schemas.Conversations)
    def mine(query: Body, actor: Any) -> Body:
        """One's own conversations, newest first."""
        return chat.mine(actor, query.get("cursor"), query["limit"])

    @bp.get("/conversations/<conversation>")
    @http.allow("citizen", "staff")
    @bp.response(200, schemas.Conversation)
    def one(conversation: str, actor: Any) -> Answer:
        """One conversation."""
        return versioned(chat.get(actor, conversation))

    @bp.get("/conversations/<conversation>/messages")
    @http.allow("citizen", "staff")
    @bp.arguments(schemas.MessagesQuery, location="query")
    @bp.response(200, schemas.Messages)
    def messages(query: Body, conversation: str, actor: Any) -> Body:
        """Catch up from after a number on."""
        return chat.messages(actor, conversation, query["stream"], query["after_seq"], query["limit"])

    @bp.post("/conversations/<conversation>/messages")
    @http.allow("citizen", "staff")
    @bp.arguments(schemas.Post)
    @bp.response(201, schemas.Posted)
    def post(body: Body, conversation: str, actor: Any) -> Body:
        """Say something: the same act as the socket's `post`."""
        return chat.post(actor, conversation, body)

    @bp.post("/conversations/<conversation>/closing")
    @http.allow("citizen", "staff")
    @bp.arguments(schemas.Ending)
    @bp.response(200, schemas.Conversation)
    def close(body: Body, conversation: str, actor: Any) -> Answer:
        """Close it."""
        return versioned(chat.end(actor, conversation, body.get("reason"), http.wanted_version()))

    @bp.post("/conversations/<conversation>/leaving")
    @http.allow("citizen")
    @bp.response(200, schemas.Conversation)
    def leave(conversation: str, actor: Any) -> Answer:
        """Wait no longer: it stays as a message, answered within the promised time."""
        return versioned(chat.leave_message(actor, conversation, http.wanted_version()))

    @bp.post("/conversations/<conversation>/reopening")
    @http.allow("citizen", "staff")
    @bp.response(200, schemas.Conversation)
    def reopen(conversation: str, actor: Any) -> Answer:
        """Go on in it, within 7 days."""
        return versioned(chat.reopen(actor, conversation, http.wanted_version()))

    @bp.post("/conversations/<conversation>/case")
    @http.allow("citizen", "staff")
    @bp.arguments(schemas.Tie)
    @bp.response(200, schemas.Conversation)
    def tie(body: Body, conversation: str, actor: Any) -> Answer:
        """Say which case of the citizen's it is about; the case's timeline then names it."""
        return versioned(chat.deeds.tie(actor, conversation, body["case"], http.wanted_version()))

    @bp.post("/conversations/<conversation>/rating")
    @http.allow("citizen")
    @bp.arguments(schemas.Rate)
    @bp.response(200, schemas.Conversation)
    def rate(body: Body, conversation: str, actor: Any) -> Answer:
        """Say once what one thought of it."""
        return versioned(chat.rate(actor, conversation, body, http.wanted_version()))

    @bp.get("/conversations/<conversation>/messages/<int:seq>/original")
    @http.allow("window", "handler", "head", "supervisor")
    @bp.response(200, schemas.Original)
    def original(conversation: str, seq: int, actor: Any) -> Body:
        """What was written before it was masked; each look is audited."""
        return chat.original(actor, conversation, seq)

    @bp.get("/conversations/<conversation>/transcript.pdf")
    @http.allow("citizen", "staff")
    @bp.response(200, {"type": "string", "format": "binary"}, content_type="application/pdf")
    def transcript(conversation: str, actor: Any) -> Response:
        """The talk on paper, without notes and personal numbers."""
        headers = {"Content-Disposition": f'inline; filename="{conversation}.pdf"'}
        return Response(chat.transcript(actor, conversation), content_type="application/pdf", headers=headers)

    @bp.get("/conversations/<conversation>/search")
    @http.allow("citizen", "staff")
    @bp.arguments(schemas.SearchQuery, location="query")
    @bp.response(200, schemas.Found)
    def search(query: Body, conversation: str, actor: Any) -> Body:
        """Look for words in one conversation."""
        return chat.search(actor, query["q"], conversation, (query.get("cursor"), query["limit"]))

    @bp.get("/desk/messages")
    @http.allow("window", "handler")
    @bp.arguments(schemas.SearchQuery, location="query")
    @bp.response(200, schemas.Found)
    def search_own(query: Body, actor: Any) -> Body:
        """Look for words in what one has or had first."""
        return chat.search(actor, query["q"], None, (query.get("cursor"), query["limit"]))

    @bp.get("/canned-replies")
    @http.allow("window", "handler")
    @bp.arguments(schemas.CannedQuery, location="query")
    @bp.response(200, schemas.CannedPage)
    def canned(query: Body, actor: Any) -> Body:
        """What one's desk says often, filled for a talk."""
        return chat.replies.found(actor, query["q"], query.get("conversation"), (query.get("cursor"), query["limit"]))

    @bp.post("/canned-replies")
    @http.allow("window", "handler")
    @bp.arguments(schemas.CannedIn)
    @bp.response(201, schemas.Canned)
    @http.create_once(chat.replies.made)
    def make_canned(body: Body, actor: Any, new_id: str) -> Body:
        """Keep a reply for one's desk."""
        return chat.replies.make(actor, new_id, body)

    @bp.get("/canned-replies/<reply>")
    @http.allow("window", "handler")
    @bp.response(200, schemas.Canned)
    def canned_one(reply: str, actor: Any) -> Answer:
        """One reply."""
        return versioned(chat.replies.one(actor, reply))

    @bp.patch("/canned-replies/<reply>")
    @http.allow("window", "handler")
    @bp.arguments(schemas.CannedIn)
    @bp.response(200, schemas.Canned)
    def change_canned(body: Body, reply: str, actor: Any) -> Answer:
        """Change it."""
        return versioned(chat.replies.change(actor, reply, body, http.wanted_version()))

    @bp.delete("/canned-replies/<reply>")
    @http.allow("window", "handler")
    @bp.response(204)
    def drop_canned(reply: str, actor: Any) -> None:
        """Forget it."""
        chat.replies.drop(actor, reply, http.wanted_version())

    @bp.post("/conversations/<conversation>/block")
    @http.allow("window", "handler", "head", "supervisor")
    @bp.arguments(schemas.BlockIn)
    @bp.response(201, schemas.Block)
    @http.create_once(chat.blocks.made)
    def block(body: Body, conversation: str, actor: Any, new_id: str) -> Body:
        """Stop the words of its citizen to this desk for some hours; they are told why, and go on reading."""
        return chat.blocks.block(actor, new_id, conversation, body)

    @bp.get("/desk/blocks")
    @http.allow("window", "handler", "head", "supervisor")
    @bp.arguments(schemas.PageQuery, location="query")
    @bp.response(200, schemas.Blocks)
    def blocks(query: Body, actor: Any) -> Body:
        """Who may not write to one's desk now."""
        return chat.blocks.at_desk(actor, query.get("cursor"), query["limit"])

    @bp.post("/desk/blocks/<block_id>/lifting")
    @http.allow("window", "handler", "head", "supervisor")
    @bp.response(200, schemas.Block)
    def lift(block_id: str, actor: Any) -> Body:
        """End a block before its time."""
        return chat.blocks.lift(actor, block_id)

    @bp.get("/desk/promises")
    @http.allow("window", "handler", "head", "supervisor")
    @bp.arguments(schemas.DaysQuery, location="query")
    @bp.response(200, schemas.Promises)
    def promises(query: Body, actor: Any) -> Body:
        """What became of promised answers."""
        return chat.promises(actor, query["days"])

    @bp.get("/desk/conversations")
    @http.allow("window", "handler", "head", "supervisor")
    @bp.arguments(schemas.DeskQuery, location="query")
    @bp.response(200, schemas.DeskConversations)
    def at_desk(query: Body, actor: Any) -> Body:
        """Who waits, what one holds, everything."""
        return chat.at_desk(actor, query["queue"], query.get("cursor"), query["limit"], query.get("point"))

    return bp
