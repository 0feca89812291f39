"""Many people at once, by real threads over real HTTP: submissions sent again and cut off, and 32 staff at one case.

`make show-submissions` shows 10,000 submissions on two processes.
"""

import pytest

from tests.show.busy_office import Seeding, threaded
from tests.show.contest import contest
from tests.show.contest import faults as contest_faults
from tests.show.submissions import WAYS, faults, report, seeded, shown_to, submit_all
from tests.way import act

STAFF = 32
DECISION = {"act": "decide", "text": "经审查。", "ground": "材料不实。"}
CONTESTS = {
    "all accept": [{"act": "accept"}],
    "each takes it": [{"act": "claim"}],
    "some accept, some decline, some take it": [
        {"act": "accept"},
        {"act": "decline", "reason": "无"},
        {"act": "claim"},
    ],
    "decided for and against": [{**DECISION, "kind": "grant"}, {**DECISION, "kind": "refuse"}],
}


@pytest.fixture(scope="module")
def seeding(shared_app):
    return Seeding(shared_app)


@pytest.fixture(scope="module")
def base(shared_app):
    with threaded(shared_app) as address:
        yield address


def test_every_draft_becomes_one_case_whatever_is_cut_off_and_sent_again(seeding, base, database):
    drafts = seeded(seeding, 40, each=20)
    tally = submit_all([base], drafts, seed=5, clients=6)
    wrong = faults(database, drafts, tally, shown_to)
    assert wrong == [], report(tally, drafts, wrong, 1)
    assert all(tally.answers[f"way {way}"] for way in WAYS)


def test_of_32_staff_who_act_on_one_case_at_once_one_wins_and_nothing_is_half_done(seeding, base):
    people = [seeding.staff("window", "handler") for _ in range(STAFF)]
    for name, bodies in CONTESTS.items():
        (case,) = seeding.cases(seeding.citizen(), 1)
        if name.startswith("decided"):
            case = act(people[0].caller, case, "accept")
        tries = [(person, bodies[number % len(bodies)]) for number, person in enumerate(people)]
        assert contest_faults(seeding.office, case, contest(base, case, tries)) == [], name
