"""A dump of every release is brought into an empty store and read at the HTTP face by today's code."""

import json
import shutil
from datetime import timedelta
from pathlib import Path

import pytest

from api import release
from api.app import create_app
from api.identity.sealing.keyring import Keyring
from api.office import shape
from api.operations.service import open_keys, restore
from tests.conftest import PASSWORD
from tests.operations import story

DUMPS = Path(__file__).parents[1] / "data" / "dumps"
RELEASES = sorted(folder.name for folder in DUMPS.iterdir())


@pytest.fixture
def upgraded(request, elsewhere, empty, settings, clock, sent, tmp_path):
    folder = DUMPS / request.param
    shutil.copytree(folder / "test-keys", tmp_path / "keys")
    networks, file = tmp_path / "networks", folder / "store.backup.gz"
    keyring = Keyring.existing(tmp_path / "keys")
    unsigned = request.param == "0.1.0"  # its backups had no keyed hash yet
    restore(empty, networks, file, keyring=keyring, shape=shape(), now=clock(), anyway=unsigned)
    clock.at += timedelta(hours=1)
    keyring = open_keys(empty, tmp_path / "keys")
    app = create_app(settings, database=elsewhere, keyring=keyring, now=clock, console=sent)
    yield app, json.loads((folder / "told.json").read_text())
    app.extensions["circle"].stop()


def test_this_release_has_a_dump():
    assert release() in RELEASES


@pytest.mark.parametrize("upgraded", RELEASES, indirect=True)
def test_a_citizen_reads_cases_talks_and_notices_of_an_earlier_release(upgraded, sent):
    app, told = upgraded
    found = story.read(story.citizen(app, sent), told["number"], told["conversation"])
    notices = [kind for kind in found.pop("notices") if kind in told["notices"]]
    assert {**told, **found} == told
    assert set(notices) == set(told["notices"])


@pytest.mark.parametrize("upgraded", RELEASES, indirect=True)
def test_files_that_something_of_an_earlier_release_rests_on_stay(upgraded, elsewhere, clock):
    app, _ = upgraded
    drafts = list(elsewhere["drafts"].find())
    bound = {one for draft in drafts for files in draft["materials"].values() for one in files}
    assert bound
    assert {one for draft in drafts for one in draft["uploads"]} == bound
    for _ in range(4):
        clock.move(days=31)
        app.extensions["circle"].worker.drain()
    assert {row["_id"] for row in elsewhere["uploads"].find()} >= bound


@pytest.mark.parametrize("upgraded", RELEASES, indirect=True)
def test_staff_of_an_earlier_release_go_on_with_its_case(upgraded):
    app, told = upgraded
    window = story.officer(app, "window", PASSWORD)
    case = window.get(f"/v1/cases/{told['number']}")
    assert case["answers"]["id_number"] == "610102194303050022"
    assert "hand_over" in case["acts"]
