"""The command line, beside a running server and without one."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
import requests

from tests.serving import CIRCLE, Served, log_in_staff, wait_for

pytestmark = pytest.mark.served
CASES = Path(__file__).parents[1] / "data" / "clock_cases.json"
HELSINKI = Path(__file__).parents[1] / "data" / "networks" / "helsinki.osm.pbf"
POINTS = Path("api/circle/data/service_points.csv")


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    served = Served(tmp_path_factory.mktemp("served")).start()
    yield served
    served.stop()


def test_clock_reckons_a_file_of_examples_without_a_store(tmp_path):
    examples = json.loads(CASES.read_text())
    file = tmp_path / "cases.json"
    file.write_text(json.dumps([{"id": case["id"], "input": case["input"]} for case in examples]))
    done = subprocess.run([*CIRCLE, "clock", str(file)], capture_output=True, text=True, timeout=60, check=True)
    assert json.loads(done.stdout) == [{"id": case["id"], "output": case["expect"]} for case in examples]


def test_clock_says_what_is_wrong_with_a_file(tmp_path):
    file = tmp_path / "cases.json"
    file.write_text("{}")
    done = subprocess.run([*CIRCLE, "clock", str(file)], capture_output=True, text=True, timeout=60)
    assert done.returncode == 1
    assert "not a JSON list" in done.stderr


def test_points_are_loaded_beside_a_running_server_or_refused_whole(served, tmp_path):
    good = served.run("load", str(POINTS))
    assert good.returncode == 0, good.stderr
    lines = POINTS.read_text().splitlines()
    bad = tmp_path / "bad.csv"
    bad.write_text("\n".join([*lines[:3], lines[3].replace("centre", "castle"), *lines[4:]]))
    refused = served.command("load", str(bad))
    assert refused.returncode == 1
    assert "4" in refused.stderr
    assert "changed nothing" in refused.stderr


def test_matters_are_exported_and_loaded_beside_a_running_server_or_refused_whole(served, tmp_path):
    exported = served.run("export", "matters")
    entries = json.loads(exported.stdout)
    assert len(entries) == 74
    file = tmp_path / "matters.json"
    file.write_text(json.dumps([*entries, {**entries[0], "version": 2, "name_en": "Another name"}]))
    assert served.command("load", str(file)).returncode == 0
    wait_for(lambda: requests.get(f"{served.base}/v1/matters/{entries[0]['code']}").json()["version"] == 2)
    assert json.loads(served.command("export", "matters").stdout)[1]["name_en"] == "Another name"
    file.write_text(json.dumps([{**entries[1], "version": 2}, {**entries[2], "name": 7}]))
    refused = served.command("load", str(file))
    assert (refused.returncode, "changed nothing" in refused.stderr) == (1, True)
    assert "entry 1" in refused.stderr
    checked = served.command("check").stdout
    assert "matters with unverified fields" in checked
    assert f"  {entries[1]['code']} {entries[1]['name']}\n" in checked


def test_points_are_exported_as_the_file_that_loads_them_and_nothing_changes(served, tmp_path):
    admin, path = log_in_staff(served, "admin"), "/v1/points/XC-C02"
    point = admin.call("GET", path)
    told = {"overrides": [{"matter": "XC-行政许可-001", "can": ["accept"]}], "phone": "029-87410000（转 2）"}
    told["exceptions"] = [{"date": "2026-12-31", "hours": "09:00-12:00", "reason": "盘点"}]
    changed = admin.call("PATCH", path, json=told, headers={"If-Match": f'"{point["version"]}"'})
    first = served.command("export")
    assert first.returncode == 0, first.stderr
    file = tmp_path / "points.csv"
    file.write_text(first.stdout, "utf-8")
    assert served.command("load", str(file)).returncode == 0
    assert served.command("export").stdout == first.stdout
    again = admin.call("GET", path)
    assert {**again, "open": None} == {**changed, "open": None}


def test_a_street_file_that_is_far_away_is_refused_and_nothing_changes(served):
    refused = served.command("network", "add", str(HELSINKI))
    assert refused.returncode == 1
    assert "Traceback" not in refused.stderr
    assert served.command("network", "list").returncode == 0


def test_staff_are_added_and_bad_ones_refused(served):
    added = served.command("staff", "add", "li", "--name", "李敏", "--role", "handler", "--password", "a-long-password")
    assert added.returncode == 0, added.stderr
    again = served.command("staff", "add", "li", "--name", "李敏", "--role", "handler", "--password", "a-long-password")
    assert (again.returncode, "taken" in again.stderr) == (1, True)
    short = served.command("staff", "add", "xu", "--name", "徐", "--role", "window", "--password", "short")
    assert (short.returncode, "10 characters" in short.stderr) == (1, True)


def test_openapi_is_printed(served):
    done = served.command("openapi")
    assert json.loads(done.stdout)["openapi"] == "3.1.0"


def test_help_is_quick_and_imports_nothing_heavy():
    code = "import sys, api.cli; print([m for m in ('flask', 'pymongo', 'numpy', 'gevent') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.strip() == "[]"
