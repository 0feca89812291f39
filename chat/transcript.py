"""The transcript of a conversation for print: its messages as stored (masked), its events in words, never its notes."""

from collections.abc import Iterable
from datetime import datetime

from chat.live.views import BEIJING
from chat.ports import Document, Row, Transcript

MOST = 2_000
"""The most messages in one transcript: the last ones."""

EVENTS = {
    "opened": "咨询开始",
    "queued": "重新排队",
    "assigned": "{officer}来解答",
    "transferred": "已转给{officer}",
    "taken_over": "由负责人{officer}接着解答",
    "blocked": "对方发言已暂停",
    "unblocked": "对方发言已恢复",
    "returned": "窗口人员暂时无法答复，回到队列原来的位置",
    "left": "已留言",
    "warned": "长时间没有回复，提醒一次",
    "closed": "咨询结束",
    "reopened": "咨询继续",
    "rated": "已评价",
    "tied": "已关联办件 {case}",
}
CARDS = {
    "case": "办件",
    "guide": "办事指南",
    "parcel": "快递",
    "point": "办事地点",
    "apply": "在线办理",
    "draft": "申请",
    "material": "请提供材料",
}
LEVELS = {5: "非常满意", 4: "满意", 3: "基本满意", 2: "不满意", 1: "非常不满意"}


def transcript_of(conversation: Document, messages: Iterable[Document], now: datetime) -> Transcript:
    """Make the transcript, from the conversation and its messages as its reader sees them."""
    facts = [("咨询编号", conversation["id"]), ("开始", _time(conversation["created_at"]))]
    if conversation["case"]:
        facts.append(("办件", conversation["case"]))
    if conversation["owner"]:
        facts.append(("首问负责人", conversation["owner"]["name"]))
    if conversation["closed"]:
        facts.append(
            ("结束", f"{_time(conversation['closed']['at'])} {conversation['closed']['reason'] or ''}".strip())
        )
    if conversation["rating"]:
        facts.append(("评价", LEVELS[conversation["rating"]["score"]]))
    printed_at = f"{now.astimezone(BEIJING):%Y-%m-%d %H:%M}"
    foot = f"{printed_at} 打印。个人号码已隐藏；内容以系统记录为准。"
    return Transcript("咨询记录", tuple(facts), tuple(map(_row, messages)), foot)


def _row(message: Document) -> Row:
    return _time(message["at"]), message["sender"]["name"] or "系统", _words(message)


def _words(message: Document) -> str:
    if message["kind"] == "event":
        event = message["event"]
        officer = (event.get("officer") or {}).get("name", "窗口人员")
        return EVENTS.get(event["type"], "状态有变化").format(officer=officer, case=event.get("case") or "")
    if "file" in message:
        return f"〔{'图片' if message['kind'] == 'image' else '文件'}：{message['file']['name']}〕"
    if "card" in message:
        card = message["card"]
        return f"〔{CARDS[card['type']]}：{card.get('title') or card.get('name') or card.get('ref', '')}〕"
    if "location" in message:
        return f"〔位置：{message['location'].get('name') or '地图上的一点'}〕"
    return str(message.get("text", ""))


def _time(moment: str) -> str:
    return moment[:16].replace("T", " ")
