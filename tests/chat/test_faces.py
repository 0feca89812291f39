"""The two faces: HTTP and the socket, with the Python client and the genuine JavaScript one."""

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import socketio

from tests.chat.conformance import PATH, Line, conform, http, text
from tests.chat.office import Actor, Office, said
from tests.serving import answers, free_port, haproxy, wait_for

ROOT = Path(__file__).parents[2]
PAGES = ROOT / "api" / "pages"


@pytest.fixture
def people(office: Office) -> dict[str, Actor]:
    """Two citizens and an officer."""
    return {"citizen": office.citizen(), "other": office.citizen("李四"), "officer": office.officer()}


@contextmanager
def process_of(*where: str) -> Iterator[dict[str, Any]]:
    """The faces in a gevent process of their own: {base, citizen, other, officer, pid}."""
    command = [sys.executable, "-m", "tests.chat.served", *where]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    with process, process.stdout as out:
        try:
            yield {**json.loads(out.readline()), "pid": process.pid}
        finally:
            process.kill()


@pytest.fixture
def gevent_served(store_uri, database) -> Iterator[dict[str, Any]]:
    """One process."""
    with process_of(store_uri, database.handle.name) as told:
        yield told


@pytest.fixture
def redis_url(tmp_path) -> Iterator[str]:
    """A Redis of its own, which keeps nothing."""
    program = shutil.which("redis-server")
    if program is None:
        missing = "redis-server is needed"
        pytest.fail(missing) if os.environ.get("CI") else pytest.skip(missing)
    port = str(free_port())
    command = [program, "--port", port, "--bind", "127.0.0.1", "--save", "", "--dir", str(tmp_path)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    with process, process.stdout as out:
        try:
            assert any("Ready to accept connections" in line for line in out)
            yield f"redis://127.0.0.1:{port}/0"
        finally:
            process.kill()


@pytest.fixture
def node() -> str:
    """Node, beside an installed socket.io-client."""
    program = shutil.which("node")
    if program is None or not (PAGES / "node_modules" / "socket.io-client").exists():
        missing = "node and `npm ci` in api/pages are needed"
        pytest.fail(missing) if os.environ.get("CI") else pytest.skip(missing)
    return program


def people_of(told: dict[str, Any]) -> dict[str, str]:
    """The address and the tokens."""
    return {name: value for name, value in told.items() if name != "pid"}


def conform_in_javascript(node: str, told: dict[str, str]) -> None:
    script = Path(__file__).with_name("conformance.mjs")
    command = [node, str(script), str(PAGES), json.dumps(told)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=240, check=False)
    assert (done.returncode, done.stdout.strip()) == (0, "conforms"), done.stderr


def tokens(people: dict[str, Actor]) -> dict[str, str]:
    return {who: one.token for who, one in people.items()}


def test_the_python_client_conforms_with_threads(served, people):
    conform(served, **tokens(people))


def test_the_javascript_client_conforms_with_threads(served, people, node):
    conform_in_javascript(node, {"base": served, **tokens(people)})


def test_the_python_client_conforms_under_gevent(gevent_served):
    conform(**people_of(gevent_served))


def test_the_javascript_client_conforms_under_gevent(gevent_served, node):
    conform_in_javascript(node, people_of(gevent_served))


def test_a_creating_post_with_the_same_key_makes_one_conversation(served, people):
    token, key = people["citizen"].token, {"Idempotency-Key": str(uuid4())}
    answers = [http(served, token, "POST", "/v1/conversations", {"text": "在吗？"}, **key) for _ in range(2)]
    assert answers[0] == answers[1]
    assert len(http(served, token, "GET", "/v1/conversations")[1]["items"]) == 1


def test_everything_that_the_socket_posts_can_be_posted_over_http_as_the_same_act(served, people):
    citizen = people["citizen"].token
    talk = http(served, citizen, "POST", "/v1/conversations", {})[1]["id"]
    body = said("从网页发的")
    first = http(served, citizen, "POST", f"/v1/conversations/{talk}/messages", body)
    assert (first[0], first[1]["seq"]) == (201, 2)
    line = Line(served, citizen)
    again = line.ask("post", {"conversation": talk, **body})
    line.close()
    assert (again["seq"], again["id"]) == (2, first[1]["id"])


def test_changes_over_http_need_the_version_they_were_made_against(served, people):
    citizen = people["citizen"].token
    talk = http(served, citizen, "POST", "/v1/conversations", {})[1]["id"]
    path = f"/v1/conversations/{talk}/closing"
    assert http(served, citizen, "POST", path, {})[1]["code"] == "version_missing"
    assert http(served, citizen, "POST", path, {}, **{"If-Match": '"7"'})[1]["code"] == "version_stale"
    status, ended = http(served, citizen, "POST", path, {"reason": "不用了"}, **{"If-Match": '"1"'})
    assert (status, ended["state"], ended["closed"]["reason"]) == (200, "closed", "不用了")
    again = http(served, citizen, "POST", f"/v1/conversations/{talk}/reopening", {}, **{"If-Match": '"2"'})[1]
    assert again["state"] == "queued"


def test_a_bad_body_is_refused_and_never_an_error_of_ours(served, people):
    citizen = people["citizen"].token
    talk = http(served, citizen, "POST", "/v1/conversations", {})[1]["id"]
    for nonsense in ({}, {"client_id": 1, "kind": []}, {**said("x"), "text": {"$gt": ""}}, said("半个 \ud83c")):
        assert http(served, citizen, "POST", f"/v1/conversations/{talk}/messages", nonsense)[0] == 422
    for query in ("after_seq=-1", "limit=0", "limit=x", "stream=secret"):
        assert http(served, citizen, "GET", f"/v1/conversations/{talk}/messages?{query}")[0] == 422


def test_the_desk_is_for_staff_and_ones_own_list_for_citizens(served, people):
    assert http(served, people["citizen"].token, "GET", "/v1/desk/conversations")[1]["code"] == "role_wrong"
    assert http(served, people["officer"].token, "GET", "/v1/conversations")[1]["code"] == "role_wrong"
    http(served, people["citizen"].token, "POST", "/v1/conversations", {"text": "在吗？"})
    [waiting] = http(served, people["officer"].token, "GET", "/v1/desk/conversations?queue=waiting")[1]["items"]
    assert (waiting["citizen"]["name"], waiting["last"]["text"]) == ("张三", "在吗？")


def test_another_origin_is_refused_at_the_handshake(served, people):
    client = socketio.Client(reconnection=False)
    with pytest.raises(socketio.exceptions.ConnectionError):
        client.connect(
            served,
            headers={"Origin": "https://elsewhere.example"},
            auth={"token": people["citizen"].token},
            namespaces=[PATH],
            transports=["websocket"],
        )


def test_long_polling_is_not_offered(served):
    client = socketio.Client(reconnection=False)
    with pytest.raises(socketio.exceptions.ConnectionError):
        client.connect(served, namespaces=[PATH], transports=["polling"])


def test_words_follow_the_language_of_the_client(served, people):
    line = Line.__new__(Line)
    line.client = socketio.Client(reconnection=False)
    headers = {"Accept-Language": "en-GB,en;q=0.9"}
    auth = {"token": people["citizen"].token}
    line.client.connect(served, headers=headers, auth=auth, namespaces=[PATH], transports=["websocket"])
    assert "not found" in line.ask("join", {"conversation": "nowhere"})["detail"]
    line.close()


def test_a_log_in_that_ended_is_hung_up_and_told_why_at_the_door(served, people, office):
    token = people["citizen"].token
    line = Line(served, token)
    del office.people[token]
    line.client.emit("join", {"conversation": "x"}, namespace=PATH)
    line.client.wait()
    assert not line.client.connected
    assert Line(served, token).refused["data"]["code"] == "token_bad"


def test_a_connection_lives_on_with_a_renewed_token_of_the_same_person_only(served, people, office):
    citizen, other = people["citizen"], people["other"]
    line = Line(served, citizen.token)
    office.people["new"] = Actor(**{**asdict(citizen), "token": "new"})
    assert line.ask("refresh", {"token": "new"}) == {"ok": True}
    del office.people[citizen.token]
    assert line.ask("join", {"conversation": "x"})["code"] == "not_found"
    for wrong in (other.token, citizen.token, None):
        assert line.ask("refresh", {"token": wrong})["code"] == "token_bad"
    line.close()


def test_a_second_device_hears_what_the_first_one_says(served, people):
    token = people["citizen"].token
    talk = http(served, token, "POST", "/v1/conversations", {})[1]["id"]
    phone, tablet = Line(served, token), Line(served, token)
    seq = phone.ask("post", text(talk, "从手机"))["seq"]
    assert tablet.hears(lambda event, m: event == "message" and m["seq"] == seq)["text"] == "从手机"
    phone.close()
    tablet.close()


def test_two_processes_hear_one_another_through_redis(store_uri, database, redis_url):
    where = (store_uri, database.handle.name, redis_url)
    with process_of(*where) as one, process_of(*where) as two:
        talk = http(one["base"], one["citizen"], "POST", "/v1/conversations", {})[1]["id"]
        citizen, officer = Line(one["base"], one["citizen"]), Line(two["base"], two["officer"])
        assert officer.ask("claim", {"conversation": talk})["ok"]
        assert citizen.hears(lambda event, _: event == "assigned")["officer"]["name"] == "王窗口"
        sent = [citizen.ask("post", text(talk, f"{n}"))["seq"] for n in range(5)]
        sent += [officer.ask("post", text(talk, f"{n}"))["seq"] for n in range(5)]
        for line in (citizen, officer):
            line.hears(lambda event, m: event == "message" and m["seq"] == 12)
            assert sorted(m["seq"] for m in line.messages())[-10:] == sent == list(range(3, 13))
            line.close()


def test_both_clients_conform_behind_haproxy_and_go_on_when_a_process_dies(
    store_uri, database, redis_url, tmp_path, node
):
    where = (store_uri, database.handle.name, redis_url)
    with (
        process_of(*where) as one,
        process_of(*where) as two,
        haproxy(tmp_path, one["base"], two["base"]) as base,
    ):
        told = {**people_of(one), "base": base}
        conform(**told)
        conform_in_javascript(node, told)
        line = Line(base, one["citizen"])
        os.kill(one["pid"], signal.SIGKILL)
        wait_for(lambda: Line(base, one["citizen"]).client.connected)
        wait_for(lambda: all(answers(f"{base}/readyz") for _ in range(4)))
        line.close()
        conform(**told)


def test_raw_nonsense_does_not_take_the_server_down(served, people):
    line = Line(served, people["citizen"].token)
    for frame in (
        "4",
        "42",
        "42/chat,",
        "42/chat,[]",
        "42/chat,{}",
        '42/chat,[["x"]]',
        "42/chat,[1]",
        "45-",
        "4x",
        "9",
        "43/chat,",
    ):
        try:
            line.client.eio.ws.send(frame)
        except Exception:
            break
    again = Line(served, people["citizen"].token)
    assert again.ask("join", {"conversation": "nowhere"})["code"] == "not_found"
    again.close()
    line.close()
