"""Start, stop and kill the program as a process."""

import os
import signal
import socket
from pathlib import Path

import pytest
import requests

from tests.chat.conformance import Line
from tests.serving import Served, log_in_citizen, log_in_staff, wait_for

pytestmark = pytest.mark.served
FOOD = "XC-行政许可-001"


@pytest.fixture
def served(tmp_path):
    served = Served(tmp_path)
    yield served
    if served.process and served.process.poll() is None:
        served.stop(signal.SIGKILL)


def gone(pid):
    return not Path(f"/proc/{pid}").exists() or "Z" in Path(f"/proc/{pid}/stat").read_text().split()[2]


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_it_ends_cleanly_and_leaves_no_process(served, how):
    served.start()
    assert any("This is a trial: whoever reaches it may log in" in line for line in served.lines)
    children = served.children()
    assert len(children) == 1
    assert served.stop(how) == 0
    assert all(gone(pid) for pid in children)
    assert "Traceback" not in "\n".join(served.lines)


def test_a_killed_process_takes_its_store_along_and_the_next_start_finds_everything(served):
    served.start()
    citizen = log_in_citizen(served, "13800138000")
    draft = citizen.call("POST", "/v1/drafts", 201, json={"matter": FOOD, "answers": {"remark": "还在"}})
    children = served.children()
    served.stop(signal.SIGKILL)
    wait_for(lambda: all(gone(pid) for pid in children))
    served.lines.clear()
    served.start()
    assert citizen.call("GET", f"/v1/drafts/{draft['id']}") == draft


def test_a_second_start_on_the_same_folder_is_refused_in_words(served):
    served.start()
    second = served.run("serve")
    assert second.returncode == 1
    assert "in use by another running circle" in second.stderr
    assert "Traceback" not in second.stderr
    assert served.ready()


def test_staff_passwords_are_shown_at_every_start_and_work(served):
    served.start()
    first = served.staff_passwords()
    assert set(first) == {"window", "handler", "admin"}
    assert log_in_staff(served, "window").call("GET", "/v1/me")["roles"] == ["window"]
    served.stop()
    served.lines.clear()
    served.start()
    assert served.staff_passwords() == first


def test_a_store_that_is_killed_between_writes_loses_nothing_that_was_acknowledged(served):
    """The store dies by SIGKILL while drafts are written; whatever was answered 201 is there after the next start."""
    served.start()
    citizen = log_in_citizen(served, "13800138000")
    (store,) = served.children()
    acknowledged = []
    for n in range(60):
        if n == 40:
            os.kill(store, signal.SIGKILL)
        try:
            answer = requests.post(
                f"{served.base}/v1/drafts",
                json={"matter": FOOD, "answers": {"remark": str(n)}},
                headers={"Authorization": f"Bearer {citizen.token}", "Idempotency-Key": f"key-{n:08d}"},
                timeout=60,
            )
        except requests.RequestException:
            break
        if answer.status_code != 201:
            assert answer.status_code == 503
            assert answer.headers["Content-Type"] == "application/problem+json"
            break
        acknowledged.append(answer.json())
    assert len(acknowledged) >= 40
    served.stop(signal.SIGKILL)
    served.lines.clear()
    served.start()
    for draft in acknowledged:
        assert citizen.call("GET", f"/v1/drafts/{draft['id']}") == draft


def test_unsafe_starts_are_refused_in_words(served):
    served.environ |= {"HOST": "0.0.0.0"}
    refused = served.run("serve")
    assert refused.returncode == 1
    assert "CIRCLE_DEV=1" in refused.stderr


def test_a_proxy_before_a_trial_is_refused_in_words(served):
    served.environ |= {"TRUSTED_PROXIES": "127.0.0.1", "PUBLIC_BASE": "https://circle.example.cn"}
    refused = served.run("serve")
    assert refused.returncode == 1
    assert "PUBLIC_BASE is https://circle.example.cn; TRUSTED_PROXIES is set" in refused.stderr
    assert "CIRCLE_DEV=1" in refused.stderr


def test_two_processes_on_one_store_need_a_message_queue(served, tmp_path):
    served.start()
    uri = __import__("json").loads((tmp_path / "var" / "store.json").read_text())["uri"]
    shared = {"MONGODB_URI": uri, "MONGODB_DATABASE": "other", "CIRCLE_KEYS": str(tmp_path / "shared-keys")}
    first = Served(tmp_path / "first", **shared, CIRCLE_DEV="1")
    second = Served(tmp_path / "second", **shared, CIRCLE_DEV="1")
    first.start()
    try:
        refused = second.run("serve")
        assert refused.returncode == 1
        assert "REDIS_URL" in refused.stderr
    finally:
        first.stop()


def has_ipv6():
    try:
        with socket.socket(socket.AF_INET6) as probe:
            probe.bind(("::1", 0))
    except OSError:
        return False
    return True


needs_ipv6 = pytest.mark.skipif(not os.environ.get("CI") and not has_ipv6(), reason="needed: IPv6 on loopback")


@needs_ipv6
def test_over_ipv6_it_says_an_address_that_opens_and_serves_pages_log_in_and_socket(served):
    served.environ |= {"HOST": "::1"}
    served.base = f"http://[::1]:{served.port}"
    served.start()
    assert f"  新城服务圈 Service Circle is ready: {served.base}" in served.lines
    assert f"  Staff console: {served.base}/staff" in served.lines
    assert requests.get(f"{served.base}/v1/matters", timeout=60).status_code == 200
    citizen = log_in_citizen(served, "13800138000")
    draft = citizen.call("POST", "/v1/drafts", 201, json={"matter": FOOD})
    assert citizen.call("GET", f"/v1/drafts/{draft['id']}") == draft
    line = Line(served.base, citizen.token)
    assert line.client.connected
    assert line.refused is None
    line.close()


@needs_ipv6
def test_one_start_serves_ipv4_and_ipv6(served):
    served.environ |= {"HOST": "::", "CIRCLE_DEV": "1"}
    served.start()
    assert f"  新城服务圈 Service Circle is ready: http://[::]:{served.port}" in served.lines
    for host in ("[::1]", "127.0.0.1"):
        assert requests.get(f"http://{host}:{served.port}/metrics", timeout=60).status_code == 200


@needs_ipv6
def test_a_taken_ipv6_address_is_named_in_brackets(served):
    with socket.create_server(("::1", served.port), family=socket.AF_INET6):
        served.environ |= {"HOST": "[::1]"}
        refused = served.run("serve")
    assert refused.returncode == 1
    assert f"Cannot listen on [::1]:{served.port} (" in refused.stderr
