"""A process that opens hostile files reaches no network, no keys, no file and no other process, by each layer alone."""

import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from api.files import run_check
from api.limited import ROOT, Program
from tests.files.papers import HEIC, pdf, photo

ALL = {"connect", "read keys", "read files", "write files", "signal others", "start programs"}
WITHOUT = {
    "nothing": "",
    "namespaces": "def fails(libc): raise OSError\nisolation._unshare = fails",
    "filter": "isolation._seccomp = lambda: None",
    "another user": "isolation._become_nobody = lambda libc: False",
    "an empty root": "def fails(libc): raise OSError\nisolation._empty_root = fails",
    "namespaces, another user": (
        "def fails(libc): raise OSError\nisolation._unshare = fails\nisolation._become_nobody = lambda libc: False"
    ),
}
"""What a system may lack, each as a change of the module."""
NEITHER = WITHOUT["namespaces"] + "\nisolation._seccomp = lambda: None"


@pytest.fixture
def targets(tmp_path: Path) -> Any:
    """Keys, a folder and a server that an isolated process tries to reach."""
    keys = tmp_path / "keys"
    keys.mkdir(mode=0o700)
    (keys / "seal-1.key").write_bytes(b"secret")
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        yield {"port": port, "keys": str(keys), "folder": str(tmp_path), "process": os.getpid(), "cpu_seconds": 20}


def tried(targets: dict[str, Any], changes: str = "") -> dict[str, Any]:
    """What a process reached that isolated itself, where the system lacks something."""
    program = f"from api import isolation\n{changes}\nisolation.main()"
    done = run(program, json.dumps(targets).encode())
    assert done.returncode == 0, done.stderr
    return dict(json.loads(done.stdout))


def run(program: str, content: bytes = b"") -> "subprocess.CompletedProcess[bytes]":
    command, environ = [sys.executable, "-c", program], {"PYTHONPATH": str(ROOT)}
    return subprocess.run(command, input=content, env=environ, capture_output=True, timeout=60)


@pytest.mark.parametrize("lacks", WITHOUT)
def test_it_reaches_nothing_whatever_the_system_lacks(targets: dict[str, Any], lacks: str, tmp_path: Path) -> None:
    seen = tried(targets, WITHOUT[lacks])
    if lacks == "filter" and not seen["namespaces"]:
        pytest.skip("this system allows no namespaces")
    assert seen["reached"] == []
    assert not (tmp_path / "written-by-a-check").exists()


def test_without_namespaces_and_filter_it_is_still_another_user_where_it_was_root(targets: dict[str, Any]) -> None:
    seen = tried(targets, NEITHER)
    assert seen["namespaces"] is seen["filtered"] is False
    if seen["other_user"]:
        assert {"read keys", "write files", "signal others"}.isdisjoint(seen["reached"])


def test_the_attempts_get_through_where_nothing_isolates(targets: dict[str, Any]) -> None:
    program = (
        "import json, sys\nfrom api.isolation import attempts\nreached = []\n"
        "for name, attempt in attempts(json.load(sys.stdin)).items():\n    attempt()\n    reached.append(name)\n"
        "print(json.dumps(reached))"
    )
    assert set(json.loads(run(program, json.dumps(targets).encode()).stdout)) == ALL


def test_this_system_allows_some_layers(targets: dict[str, Any]) -> None:
    seen = tried(targets)
    assert seen["namespaces"] or seen["filtered"], "make run needs one of both on Debian 12: circle doctor"


@pytest.mark.parametrize(
    ("end", "status"),
    [
        ("sys.exit(7)", 7),
        ("while True: pass", -signal.SIGXCPU),
        ("import ctypes; ctypes.string_at(0)", -signal.SIGSEGV),
        ("os.write(1, b'x' * 100); os._exit(0)", 0),
    ],
)
def test_it_ends_as_its_work_ended(end: str, status: int) -> None:
    program = (
        "import os, sys, ctypes, resource\nfrom api.isolation import isolate\n"
        f"resource.setrlimit(resource.RLIMIT_CPU, (1, 2))\nisolate(1)\n{end}"
    )
    assert run(program).returncode == status


def test_its_work_is_killed_with_it() -> None:
    """The process that is killed when time is over is the parent of the one that works."""
    program = (
        "import os, time\nfrom api.isolation import isolate\nisolate(9)\nos.write(1, b'.')\nwhile True: time.sleep(1)"
    )
    command, environ = [sys.executable, "-c", program], {"PYTHONPATH": str(ROOT)}
    with subprocess.Popen(command, env=environ, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.read(1) == b"."
        process.kill()
        assert process.stdout.read() == b"", "the pipe is closed once nobody holds it"


@pytest.mark.parametrize("data", [photo(), photo(form="PNG"), HEIC, pdf(pages=3)], ids=["JPEG", "PNG", "HEIC", "PDF"])
@pytest.mark.parametrize("lacks", ["namespaces", "filter"])
def test_every_type_is_opened_under_each_layer(monkeypatch: pytest.MonkeyPatch, data: bytes, lacks: str) -> None:
    """The suite itself opens files under all layers of this system."""
    real = subprocess.Popen

    def start(command: list[str], **rest: Any) -> Any:
        program = f"from api import isolation\n{WITHOUT[lacks]}\nfrom api.files.check import main\nmain()"
        return real([command[0], "-c", program], **rest)

    monkeypatch.setattr("api.limited.subprocess.Popen", start)
    checked = run_check.check([data], lambda which, size, pieces: b"".join(pieces) and None)
    assert checked.refused is None


def test_what_the_work_lacks_is_not_blamed_on_the_file(monkeypatch: pytest.MonkeyPatch) -> None:
    real = subprocess.Popen

    def start(command: list[str], **rest: Any) -> Any:
        program = "from api.files import check\ncheck.equip = lambda kind: None\ncheck.main()"
        return real([command[0], "-c", program], **rest)

    monkeypatch.setattr("api.limited.subprocess.Popen", start)
    with pytest.raises(run_check.CheckFailed):
        run_check.check([photo()], lambda *kept: None)


def test_the_check_runs_isolated(targets: dict[str, Any]) -> None:
    """`main` of the check isolates itself before it looks at a byte: its decoder tries to get out, in vain."""
    program = (
        "import json, sys\nfrom api.files import check\nfrom api.isolation import attempts\n"
        f"tries = attempts(json.loads({json.dumps(targets)!r}))\nreached = []\n"
        "def examine(data):\n    for name, attempt in tries.items():\n        try:\n            attempt()\n"
        "            reached.append(name)\n        except OSError:\n            pass\n"
        "    raise check.Unfit(str(reached))\n"
        "check.examine = examine\ncheck.main()"
    )
    assert json.loads(run(program, pdf()).stdout) == {"refused": "[]"}


def test_the_program_of_the_doctor_says_what_it_reached(targets: dict[str, Any]) -> None:
    ended = Program("api.isolation").run(json.dumps(targets).encode(), seconds=30)
    assert ended.as_json()["reached"] == []
