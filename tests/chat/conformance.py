"""What a client may rely on, said with the Python client; conformance.mjs says the same with the JavaScript one."""

import json
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from contextlib import suppress
from typing import Any
from uuid import uuid4

import socketio

PATH = "/chat"
PATIENCE = 60


class Line:
    """A connection that keeps all it hears."""

    def __init__(self, base: str, token: str) -> None:
        self.heard: list[tuple[str, Any]] = []
        self.client = socketio.Client(reconnection=False)
        self.client.on("*", lambda event, payload=None: self.heard.append((event, payload)), namespace=PATH)
        self.refused: Any = None
        self.client.on("connect_error", self._refuse, namespace=PATH)
        with suppress(socketio.exceptions.ConnectionError):
            self.client.connect(base, auth={"token": token}, namespaces=[PATH], transports=["websocket"])

    def _refuse(self, told: Any) -> None:
        self.refused = told

    def ask(self, event: str, body: Any) -> Any:
        """Emit, and the acknowledgement."""
        return self.client.call(event, body, namespace=PATH, timeout=PATIENCE)

    def hears(self, wanted: Callable[[str, Any], Any]) -> Any:
        """The first event that fits, once it comes."""
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            for event, payload in list(self.heard):
                if wanted(event, payload):
                    return payload
            self.client.sleep(0.01)
        raise AssertionError("not heard")

    def messages(self) -> list[dict[str, Any]]:
        """Every message heard."""
        return [payload for event, payload in list(self.heard) if event == "message"]

    def close(self) -> None:
        """Be gone, as a phone is: without a word."""
        if self.client.connected:
            self.client.eio.ws.abort()
            self.client.eio.read_loop_task.join()
        elif self.client.eio.ws:
            self.client.eio.ws.shutdown()


def http(base: str, token: str, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, Any]:
    """One request: status and parsed body."""
    known = {"Authorization": f"Bearer {token}", "Content-Type": "application/json", "Idempotency-Key": str(uuid4())}
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(base + path, data, {**known, **headers}, method=method)
    try:
        with urllib.request.urlopen(request, timeout=PATIENCE) as response:
            return response.status, json.load(response)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.load(error)


def text(conversation: str, words: str, kind: str = "text") -> dict[str, Any]:
    """A post."""
    return {"conversation": conversation, "client_id": str(uuid4()), "kind": kind, "text": words}


def conform(base: str, citizen: str, other: str, officer: str) -> None:
    """Raises AssertionError at the first thing that does not."""
    lines: list[Line] = []

    def connect(token: str) -> Line:
        lines.append(Line(base, token))
        return lines[-1]

    try:
        _conform(base, connect, citizen, other, officer)
    finally:
        for line in lines:
            line.close()


def _conform(
    base: str, connect: Callable[[str], Line], citizen_token: str, other_token: str, officer_token: str
) -> None:
    refused = connect("no such token").refused
    assert (refused["data"]["code"], "登录" in refused["message"]) == ("token_bad", True)

    status, talk = http(base, citizen_token, "POST", "/v1/conversations", {"text": "要带什么？"})
    assert (status, talk["state"], talk["last_seq"]) == (201, "queued", 2)
    citizen, officer, where = connect(citizen_token), connect(officer_token), {"conversation": talk["id"]}
    for line in (citizen, officer):
        joined = line.ask("join", {**where, "after_seq": 0})
        assert (joined["ok"], joined["conversation"]["id"]) == (True, talk["id"])
    claimed = officer.ask("claim", where)
    assert (claimed["ok"], claimed["conversation"]["officer"]["name"]) == (True, "王窗口")
    assert citizen.hears(lambda event, _: event == "assigned")["officer"]["name"] == "王窗口"
    assert citizen.hears(lambda event, p: event == "state" and p["state"] == "active")["version"] == 2

    sent = [text(talk["id"], f"第 {n} 句") for n in range(30)]
    acks: list[Any] = []
    for body in sent:
        citizen.client.emit("post", body, namespace=PATH, callback=acks.append)
    officer.hears(lambda event, m: event == "message" and m["seq"] == 33)
    citizen.hears(lambda *_: len(acks) == 30)
    assert [ack["seq"] for ack in acks] == list(range(4, 34))
    assert [m["seq"] for m in officer.messages()] == list(range(3, 34))
    assert [m["client_id"] for m in officer.messages()[1:]] == [body["client_id"] for body in sent]
    path = f"/v1/conversations/{talk['id']}/messages?after_seq="
    assert http(base, officer_token, "GET", f"{path}3")[1]["items"] == officer.messages()[1:]
    assert citizen.ask("post", sent[7]) == acks[7]

    note = officer.ask("post", text(talk["id"], "老客户", "note"))
    assert (note["stream"], note["seq"]) == ("staff", 1)
    assert officer.hears(lambda event, m: event == "message" and m["stream"] == "staff")["text"] == "老客户"
    assert http(base, citizen_token, "GET", f"{path}0&stream=staff")[0] == 404

    long = citizen.ask("post", text(talk["id"], "字" * 2001))
    assert (long["ok"], long["code"], list(long["errors"])) == (False, "bad_fields", ["text"])
    for nonsense in (None, "x", [1]):
        assert citizen.ask("post", nonsense)["code"] == "bad_fields"
    for nowhere in ("nowhere", {"$ne": 1}, 7):
        assert citizen.ask("join", {"conversation": nowhere})["code"] == "not_found"
    assert citizen.ask("claim", where)["code"] == "role_wrong"

    other = connect(other_token)
    for event in ("join", "post", "read", "delivered", "typing", "close"):
        assert other.ask(event, {**text(talk["id"], "我呢"), "seq": 1})["code"] == "not_found", event

    assert citizen.ask("read", {**where, "seq": 33})["ok"]
    assert officer.hears(lambda event, _: event == "receipt")["read_seq"] == 33
    citizen.client.emit("typing", where, namespace=PATH)
    assert officer.hears(lambda event, _: event == "typing")["member"]["name"] == "张三"

    citizen.close()
    for n in (1, 2, 3):
        assert officer.ask("post", text(talk["id"], f"答 {n}"))["ok"]
    back = connect(citizen_token)
    assert back.ask("join", where)["conversation"]["unread"] == 3
    missed = http(base, citizen_token, "GET", f"{path}33")[1]["items"]
    assert [m["text"] for m in missed] == ["答 1", "答 2", "答 3"]

    assert back.ask("leave", where)["ok"]
    assert officer.ask("close", {**where, "reason": "已答复"})["ok"]
    assert back.hears(lambda event, p: event == "state" and p["state"] == "closed")["closed"]["reason"] == "已答复"
    assert back.hears(lambda event, m: event == "message" and m["kind"] == "event")["seq"] == 37
    assert back.ask("post", text(talk["id"], "还有"))["code"] == "conversation_closed"

    assert "老客户" not in repr([citizen.heard, back.heard])
    assert other.heard == []
