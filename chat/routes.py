"""The HTTP routes of the chat, one function per subject."""

from typing import Any

from flask import Response
from flask_smorest import Blueprint

from chat import schemas
from chat.ports import RouteGuard
from chat.service import Chat

Body = dict[str, Any]
Answer = tuple[Body, dict[str, str]]
DESK = ("window", "handler")
DESK_OR_OVERSEER = (*DESK, "head", "supervisor")


def blueprint(chat: Chat, http: RouteGuard) -> Blueprint:
    """The routes of the chat."""
    bp = Blueprint("chat", __name__, url_prefix="/v1", description="Live consultation")
    _asking(bp, chat, http)
    _messages(bp, chat, http)
    _ending(bp, chat, http)
    _desk(bp, chat, http)
    _canned_replies(bp, chat, http)
    _blocks(bp, chat, http)
    return bp


def _versioned(http: RouteGuard, view: Body) -> Answer:
    """A view with its version as ETag."""
    return view, http.etag(view["version"])


def _asking(bp: Blueprint, chat: Chat, http: RouteGuard) -> None:
    @bp.post("/conversations")
    @http.allow("citizen")
    @bp.arguments(schemas.AskSchema)
    @bp.response(201, schemas.ConversationSchema)
    @http.create_once(chat.created)
    def ask(body: Body, actor: Any, new_id: str) -> Body:
        """Ask the desk of a matter, a case or a point."""
        return chat.open(actor, new_id, body)

    @bp.get("/conversations")
    @http.allow("citizen")
    @bp.arguments(schemas.PageQuerySchema, location="query")
    @bp.response(200, schemas.ConversationsSchema)
    def mine(query: Body, actor: Any) -> Body:
        """One's own conversations, newest first."""
        return chat.mine(actor, query.get("cursor"), query["limit"])

    @bp.get("/conversations/<conversation>")
    @http.allow("citizen", "staff")
    @bp.response(200, schemas.ConversationSchema)
    def conversation(conversation: str, actor: Any) -> Answer:
        """One conversation."""
        return _versioned(http, chat.get(actor, conversation))

    @bp.post("/conversations/<conversation>/case")
    @http.allow("citizen", "staff")
    @bp.arguments(schemas.TieSchema)
    @bp.response(200, schemas.ConversationSchema)
    def tie(body: Body, conversation: str, actor: Any) -> Answer:
        """Tie it to a case of its citizen; the case's timeline then names it."""
        return _versioned(http, chat.ties.tie(actor, conversation, body["case"], http.wanted_version()))


def _messages(bp: Blueprint, chat: Chat, http: RouteGuard) -> None:
    @bp.get("/conversations/<conversation>/messages")
    @http.allow("citizen", "staff")
    @bp.arguments(schemas.MessagesQuerySchema, location="query")
    @bp.response(200, schemas.MessagesSchema)
    def messages(query: Body, conversation: str, actor: Any) -> Body:
        """Messages of a stream, from after a number on."""
        return chat.messages(actor, conversation, query["stream"], query["after_seq"], query["limit"])

    @bp.post("/conversations/<conversation>/messages")
    @http.allow("citizen", "staff")
    @bp.arguments(schemas.PostSchema)
    @bp.response(201, schemas.PostedSchema)
    def post(body: Body, conversation: str, actor: Any) -> Body:
        """Post a message, as the socket's `post` does."""
        return chat.post(actor, conversation, body)

    @bp.get("/conversations/<conversation>/messages/<int:seq>/original")
    @http.allow(*DESK_OR_OVERSEER)
    @bp.response(200, schemas.OriginalSchema)
    def original(conversation: str, seq: int, actor: Any) -> Body:
        """The unmasked text of a message; each reading is audited."""
        return chat.original(actor, conversation, seq)

    @bp.get("/conversations/<conversation>/transcript.pdf")
    @http.allow("citizen", "staff")
    @bp.response(200, {"type": "string", "format": "binary"}, content_type="application/pdf")
    def transcript(conversation: str, actor: Any) -> Response:
        """The conversation as PDF, without notes and personal numbers."""
        headers = {"Content-Disposition": f'inline; filename="{conversation}.pdf"'}
        return Response(chat.transcript(actor, conversation), content_type="application/pdf", headers=headers)

    @bp.get("/conversations/<conversation>/search")
    @http.allow("citizen", "staff")
    @bp.arguments(schemas.SearchQuerySchema, location="query")
    @bp.response(200, schemas.MessageSearchPageSchema)
    def search(query: Body, conversation: str, actor: Any) -> Body:
        """Search for words in one conversation."""
        page = query.get("cursor"), query["limit"]
        return chat.search.in_conversation(actor, conversation, query["q"], page)

    @bp.get("/desk/messages")
    @http.allow(*DESK)
    @bp.arguments(schemas.SearchQuerySchema, location="query")
    @bp.response(200, schemas.MessageSearchPageSchema)
    def search_own(query: Body, actor: Any) -> Body:
        """Search for words in the conversations that one has or took first."""
        return chat.search.of_officer(actor, query["q"], (query.get("cursor"), query["limit"]))


def _ending(bp: Blueprint, chat: Chat, http: RouteGuard) -> None:
    @bp.post("/conversations/<conversation>/closing")
    @http.allow("citizen", "staff")
    @bp.arguments(schemas.EndingSchema)
    @bp.response(200, schemas.ConversationSchema)
    def close(body: Body, conversation: str, actor: Any) -> Answer:
        """Close a conversation."""
        view = chat.handling.end(actor, conversation, body.get("reason"), http.wanted_version())
        return _versioned(http, view)

    @bp.post("/conversations/<conversation>/leaving")
    @http.allow("citizen")
    @bp.response(200, schemas.ConversationSchema)
    def leave(conversation: str, actor: Any) -> Answer:
        """Leave the queue: it stays as a message, answered within the promised time."""
        return _versioned(http, chat.handling.leave_message(actor, conversation, http.wanted_version()))

    @bp.post("/conversations/<conversation>/reopening")
    @http.allow("citizen", "staff")
    @bp.response(200, schemas.ConversationSchema)
    def reopen(conversation: str, actor: Any) -> Answer:
        """Open a closed conversation again, within 7 days."""
        return _versioned(http, chat.handling.reopen(actor, conversation, http.wanted_version()))

    @bp.post("/conversations/<conversation>/rating")
    @http.allow("citizen")
    @bp.arguments(schemas.RateSchema)
    @bp.response(200, schemas.ConversationSchema)
    def rate(body: Body, conversation: str, actor: Any) -> Answer:
        """Rate it, once."""
        return _versioned(http, chat.handling.rate(actor, conversation, body, http.wanted_version()))


def _desk(bp: Blueprint, chat: Chat, http: RouteGuard) -> None:
    @bp.get("/desk/conversations")
    @http.allow(*DESK_OR_OVERSEER)
    @bp.arguments(schemas.DeskQuerySchema, location="query")
    @bp.response(200, schemas.DeskConversationsSchema)
    def at_desk(query: Body, actor: Any) -> Body:
        """The conversations of one's desk: those that wait, those that one holds, all."""
        return chat.at_desk(actor, query["queue"], query.get("cursor"), query["limit"], query.get("point"))

    @bp.get("/desk/promises")
    @http.allow(*DESK_OR_OVERSEER)
    @bp.arguments(schemas.DaysQuerySchema, location="query")
    @bp.response(200, schemas.PromisesSchema)
    def promises(query: Body, actor: Any) -> Body:
        """Counts of promised answers by outcome."""
        return chat.promises.report(actor, query["days"])


def _canned_replies(bp: Blueprint, chat: Chat, http: RouteGuard) -> None:
    @bp.get("/canned-replies")
    @http.allow(*DESK)
    @bp.arguments(schemas.CannedQuerySchema, location="query")
    @bp.response(200, schemas.CannedPageSchema)
    def canned_replies(query: Body, actor: Any) -> Body:
        """The canned replies of one's desk, filled for a conversation."""
        page = query.get("cursor"), query["limit"]
        return chat.replies.search(actor, query["q"], query.get("conversation"), page)

    @bp.post("/canned-replies")
    @http.allow(*DESK)
    @bp.arguments(schemas.CannedInSchema)
    @bp.response(201, schemas.CannedSchema)
    @http.create_once(chat.replies.created)
    def create_canned(body: Body, actor: Any, new_id: str) -> Body:
        """Create a canned reply for one's desk."""
        return chat.replies.create(actor, new_id, body)

    @bp.get("/canned-replies/<reply>")
    @http.allow(*DESK)
    @bp.response(200, schemas.CannedSchema)
    def canned_reply(reply: str, actor: Any) -> Answer:
        """One canned reply."""
        return _versioned(http, chat.replies.get(actor, reply))

    @bp.patch("/canned-replies/<reply>")
    @http.allow(*DESK)
    @bp.arguments(schemas.CannedInSchema)
    @bp.response(200, schemas.CannedSchema)
    def change_canned(body: Body, reply: str, actor: Any) -> Answer:
        """Change a canned reply."""
        return _versioned(http, chat.replies.change(actor, reply, body, http.wanted_version()))

    @bp.delete("/canned-replies/<reply>")
    @http.allow(*DESK)
    @bp.response(204)
    def delete_canned(reply: str, actor: Any) -> None:
        """Delete a canned reply."""
        chat.replies.delete(actor, reply, http.wanted_version())


def _blocks(bp: Blueprint, chat: Chat, http: RouteGuard) -> None:
    @bp.post("/conversations/<conversation>/block")
    @http.allow(*DESK_OR_OVERSEER)
    @bp.arguments(schemas.BlockInSchema)
    @bp.response(201, schemas.BlockSchema)
    @http.create_once(chat.blocks.created)
    def block(body: Body, conversation: str, actor: Any, new_id: str) -> Body:
        """Block its citizen from writing to this desk for some hours; they see why, and can still read."""
        return chat.blocks.block(actor, new_id, conversation, body)

    @bp.get("/desk/blocks")
    @http.allow(*DESK_OR_OVERSEER)
    @bp.arguments(schemas.PageQuerySchema, location="query")
    @bp.response(200, schemas.BlocksSchema)
    def blocks(query: Body, actor: Any) -> Body:
        """The blocks in force at one's desk."""
        return chat.blocks.at_desk(actor, query.get("cursor"), query["limit"])

    @bp.post("/desk/blocks/<block_id>/lifting")
    @http.allow(*DESK_OR_OVERSEER)
    @bp.response(200, schemas.BlockSchema)
    def lift(block_id: str, actor: Any) -> Body:
        """End a block before its time."""
        return chat.blocks.lift(actor, block_id)
