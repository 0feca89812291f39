"""Every command of docs/if-something-happens.md runs on a real installation, in order, and does what the page says."""

import json
import re
import shlex
from pathlib import Path

import pytest
import requests
from click.testing import CliRunner

from api.cli import main
from tests.serving import Served, Session, log_in_citizen, wait_for

PAGE = Path(__file__).parents[2] / "docs" / "if-something-happens.md"
PASSWORD = "correct-horse-battery"
PHONE = "13800138000"
pytestmark = pytest.mark.served


def commands():
    """(heading, command) of every command of the page, in order."""
    heading, inside = "", False
    for line in PAGE.read_text(encoding="utf-8").splitlines():
        if line.startswith("```"):
            inside = not inside
        elif inside:
            yield heading, line
        elif line.startswith("## "):
            heading = line[3:]


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    served = Served(tmp_path_factory.mktemp("happened")).start()
    for username, role in (("wang", "window"), ("li", "window")):
        place = ("--point", "XC-H01", "--password", PASSWORD)
        assert served.command("staff", "add", username, "--name", username, "--role", role, *place).returncode == 0
    yield served
    served.stop()


def run(served, line, typed=""):
    """Run one command of the page as it stands there."""
    words = shlex.split(line)
    settings = [word for word in words if re.fullmatch(r"[A-Z_]+=\S*", word)]
    environ = {**served.environ, **dict(word.split("=", 1) for word in settings)}
    name, *arguments = words[len(settings) :]
    assert name == "circle", line
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("api.logs.set_up", lambda level="": None)
        patch.chdir(served.folder)
        return CliRunner(env=environ).invoke(main, arguments, input=typed, catch_exceptions=False)


def staff_session(served, username, password=PASSWORD):
    answer = requests.post(
        f"{served.base}/v1/staff/sessions", json={"username": username, "password": password}, timeout=60
    )
    return Session(served.base, answer.json()["token"]) if answer.ok else None


def ended(session):
    """Wait until a running server has followed: a log-in is looked up again every 30 s."""
    wait_for(lambda: requests.get(f"{session._base}/v1/me", headers=bearer(session), timeout=60).status_code == 401, 90)


def bearer(session):
    return {"Authorization": f"Bearer {session.token}"}


def test_the_page_runs_from_top_to_bottom_and_each_command_does_what_it_says(served):
    wang, li = staff_session(served, "wang"), staff_session(served, "li")
    robbed, other = log_in_citizen(served, PHONE), log_in_citizen(served, "13900139000")
    assert len({heading for heading, _ in commands()}) >= 9
    for heading, line in commands():
        done = run(served, line, typed=f"{PASSWORD}\n{PASSWORD}\n" if "staff add" in line else "")
        unbuilt = line.endswith("doctor") and "pages" in done.output
        assert done.exit_code == 0 or unbuilt, f"{heading}: {line}: {done.output}"
        if line == "circle staff reset wang":
            assert staff_session(served, "wang") is None
            first = re.search(r"first password of wang: (\S+)", done.output)[1]
            assert staff_session(served, "wang", first)
        if line == "circle staff change wang --left":
            assert staff_session(served, "wang", first) is None
        if line == "circle sessions end --citizen 13800138000":
            ended(robbed)
            assert requests.get(f"{served.base}/v1/me", headers=bearer(other), timeout=60).status_code == 200
        if "staff add zhao" in line:
            assert staff_session(served, "zhao")
        if line == "circle keys new":
            assert (served.folder / "keys" / "seal-2.key").exists()
        if line == "circle keys list":
            assert "index-2" in done.output
        if "after-the-change.tar" in line:
            assert (served.folder / "after-the-change.tar").stat().st_mode & 0o077 == 0
        if line == "circle audit head --out head-now.json":
            assert json.loads((served.folder / "head-now.json").read_text())["hash"]
    for session in (wang, li, other):
        ended(session)


@pytest.mark.parametrize("line", ["circle sessions end", "circle sessions end --all --staff wang"])
def test_whose_log_ins_end_is_said_once(served, line):
    done = run(served, line)
    assert (done.exit_code, "say one of" in done.output) == (2, True)


@pytest.mark.parametrize("who", ["--staff nobody", "--citizen 13700137000", "--citizen 12345"])
def test_an_unknown_person_is_said_in_words(served, who):
    done = run(served, f"circle sessions end {who}")
    assert done.exit_code == 1
    assert "Traceback" not in done.output
