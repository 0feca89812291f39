"""Submission: the draft is opened once, and no sealed field is opened twice."""

from collections import Counter

import pytest

from api.drafts import service as drafts_service
from api.identity.sealing.keyring import Keyring
from tests.way import complete_draft


@pytest.fixture
def opened(monkeypatch):
    """Counts how often each sealed field is opened, by record and field."""
    counts = Counter()
    genuine = Keyring.open_bytes

    def counted(self, record, field, sealed):
        counts[record, field] += 1
        return genuine(self, record, field, sealed)

    monkeypatch.setattr(Keyring, "open_bytes", counted)
    return counts


@pytest.fixture
def open_drafts(monkeypatch):
    """The ids of the drafts that were opened, in order."""
    ids = []
    genuine = drafts_service.open_draft

    def noted(record, *rooms):
        ids.append(record.id)
        return genuine(record, *rooms)

    monkeypatch.setattr(drafts_service, "open_draft", noted)
    return ids


def test_a_submission_opens_its_draft_once_and_each_of_its_sealed_fields_once(citizen, drain, opened, open_drafts):
    draft = complete_draft(citizen, drain)
    assert draft["situation"]
    opened.clear()
    open_drafts.clear()
    case = citizen.post(f"/v1/drafts/{draft['id']}/submit")["case"]
    assert open_drafts == [draft["id"]]
    files = [file["id"] for material in case["materials"] for file in material["files"]]
    assert files
    # Nothing of the new case is opened: the answer shows what was sealed into it.
    fields = [(draft["id"], field) for field in ("answers", "situation", "delivery")] + [
        (file, "name") for file in files
    ]
    assert opened == dict.fromkeys(fields, 1)


def test_the_answer_to_a_submission_is_what_the_case_is_when_read(citizen, drain):
    draft = complete_draft(citizen, drain)
    case = citizen.post(f"/v1/drafts/{draft['id']}/submit")["case"]
    assert case == citizen.get(f"/v1/cases/{case['number']}")
