"""Back up, restore, migrate, doctor and check from the command line, beside a running server and without one."""

import os
import shutil
import signal

import pytest

from tests.serving import Served, free_port, log_in_citizen

pytestmark = pytest.mark.served
FOOD = "XC-行政许可-001"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("served")


@pytest.fixture(scope="module")
def served(folder):
    served = Served(folder)
    yield served
    if served.process and served.process.poll() is None:
        served.stop(signal.SIGKILL)


@pytest.fixture(scope="module")
def backed_up(served, folder):
    """A served installation with a draft in it, a backup of it, and the log-in of whose draft it is."""
    served.start()
    citizen = log_in_citizen(served, "13800138000")
    draft = citizen.call("POST", "/v1/drafts", 201, json={"matter": FOOD, "answers": {"remark": "还在"}})
    done = served.command("backup", str(folder / "circle.backup"))
    assert done.returncode == 0, done.stderr
    assert "documents" in done.stdout
    return citizen, draft


@pytest.fixture
def elsewhere(tmp_path):
    """Another installation, with nothing in it."""
    served = Served(tmp_path)
    yield served
    if served.process and served.process.poll() is None:
        served.stop(signal.SIGKILL)


def test_the_drill_with_the_keys_the_new_installation_serves_what_was_there(backed_up, served, elsewhere, folder):
    citizen, draft = backed_up
    without = elsewhere.command("restore", str(folder / "circle.backup"))
    assert without.returncode == 1
    assert "seal-1, which is not in CIRCLE_KEYS" in without.stderr
    done = elsewhere.command("restore", str(folder / "circle.backup"), "--anyway")
    assert done.returncode == 0, done.stderr
    without = elsewhere.run("serve")
    assert without.returncode == 1
    assert "Put back the folder CIRCLE_KEYS" in without.stderr
    assert "Traceback" not in without.stderr
    shutil.copytree(folder / "keys", elsewhere.folder / "keys")
    done = elsewhere.command("restore", str(folder / "circle.backup"), "--force")
    assert (done.returncode, "so that none is given twice" in done.stdout) == (0, True), done.stderr
    elsewhere.start()
    citizen._base = elsewhere.base
    citizen.call("GET", f"/v1/drafts/{draft['id']}", 401)
    again = log_in_citizen(elsewhere, "13800138000")
    assert again.call("GET", f"/v1/drafts/{draft['id']}") == draft
    citizen._base = served.base


def test_a_running_installation_is_not_restored_into(backed_up, served, folder):
    refused = served.command("restore", str(folder / "circle.backup"), "--force")
    assert refused.returncode == 1
    assert "Stop it first" in refused.stderr


def test_what_is_there_is_not_overwritten_without_force(backed_up, elsewhere, folder):
    shutil.copytree(folder / "keys", elsewhere.folder / "keys")
    assert elsewhere.command("restore", str(folder / "circle.backup")).returncode == 0
    again = elsewhere.command("restore", str(folder / "circle.backup"))
    assert (again.returncode, "--force" in again.stderr) == (1, True)
    assert elsewhere.command("restore", str(folder / "circle.backup"), "--force").returncode == 0


def test_a_file_that_is_no_backup_is_refused_in_words(elsewhere, tmp_path):
    (tmp_path / "x").write_text("not a backup")
    refused = elsewhere.command("restore", str(tmp_path / "x"))
    assert refused.returncode == 1
    assert "is no whole backup" in refused.stderr
    assert "Traceback" not in refused.stderr


def test_migrate_beside_a_running_server_finds_nothing_to_do(backed_up, served):
    done = served.command("migrate")
    assert (done.returncode, done.stdout.strip()) == (0, "nothing to do")


def test_doctor_finds_a_healthy_installation_healthy_and_tells_no_secret(backed_up, served):
    done = served.command("doctor")
    assert done.returncode == (1 if "pages" in _failed(done.stdout) else 0), done.stdout + done.stderr
    assert _failed(done.stdout) <= {"pages"}
    for secret in (folder_file.read_text() for folder_file in (served.folder / "keys").glob("*.key")):
        assert secret not in done.stdout


def test_doctor_says_what_to_do_about_loose_keys_and_a_silent_server(elsewhere, folder, backed_up, monkeypatch):
    monkeypatch.setattr("api.storage.database.REACH_SECONDS", 0.5)
    shutil.copytree(folder / "keys", elsewhere.folder / "keys")
    os.chmod(elsewhere.folder / "keys" / "index.key", 0o644)
    secret = "hunter2-hunter2"
    elsewhere.environ |= {"MONGODB_URI": f"mongodb://circle:{secret}@127.0.0.1:{free_port()}/", "CIRCLE_DEV": "1"}
    elsewhere.environ |= {"REDIS_URL": f"redis://:{secret}@127.0.0.1:{free_port()}/0"}
    done = elsewhere.command("doctor")
    assert done.returncode == 1
    assert {"keys", "store", "redis"} <= _failed(done.stdout)
    assert "chmod 600" in done.stdout
    assert secret not in done.stdout + done.stderr


def test_doctor_on_a_new_folder_changes_nothing(elsewhere):
    done = elsewhere.command("doctor")
    assert "The first start makes it" in done.stdout
    assert not (elsewhere.folder / "var").exists()
    assert not (elsewhere.folder / "keys").exists()


def test_check_lists_what_the_district_must_confirm(backed_up, served):
    done = served.command("check")
    assert done.returncode == 0, done.stderr
    for heading in (
        "surveyed position",
        "confirmed hours",
        "unverified fields",
        "announced calendar",
        "departments.json",
    ):
        assert heading in done.stdout


def _failed(table):
    return {line.split()[1] for line in table.splitlines() if line.startswith("FAIL")}
