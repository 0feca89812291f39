"""The `web` of the Procfile, started as a process manager does: by a shell, with settings in the environment."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import requests

from tests.serving import free_port, wait_for

ROOT = Path(__file__).parents[2]


@pytest.mark.served
def test_web_answers_and_opens_no_other_door_than_its_port(tmp_path):
    (command,) = re.findall(r"^web: (.*)$", (ROOT / "Procfile").read_text(), re.MULTILINE)
    port = free_port()
    environ = {
        "HOME": str(tmp_path),
        "XDG_RUNTIME_DIR": str(tmp_path),
        "PYTHONPATH": str(ROOT),
        "PORT": str(port),
        "CIRCLE_VAR": str(tmp_path / "var"),
        "CIRCLE_KEYS": str(tmp_path / "keys"),
        "CIRCLE_DEV": "1",
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
    }
    log = (tmp_path / "log").open("w")
    with subprocess.Popen(["sh", "-c", f"exec {command}"], cwd=tmp_path, env=environ, stdout=log, stderr=log) as web:
        try:
            wait_for(lambda: answers(port), 120, lambda: (tmp_path / "log").read_text()[-2000:])
            assert [path for path in tmp_path.rglob("*") if path.is_socket()] == []
        finally:
            web.terminate()
            web.wait(60)
            log.close()


def answers(port):
    try:
        return requests.get(f"http://127.0.0.1:{port}/readyz", timeout=10).status_code == 200
    except requests.RequestException:
        return False
