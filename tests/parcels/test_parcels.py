"""The licence on its way: sending, pushes in any order, confirmation."""

import itertools
import json
import random
import time
import timeit
from datetime import timedelta

import pytest

from api.parcels.carriers.kuaidi100 import ANSWER, sign_of
from api.parcels.parcel import MOST_TEXT, check_waybill, redact
from api.parcels.store import INDEXES, OLD_INDEXES
from api.settings import read
from tests.way import act, issued

DAY = [
    ("2026-11-24 10:01:00", "已揽收", "103"),
    ("2026-11-24 10:02:00", "运输中", "0"),
    ("2026-11-24 10:03:00", "派送中", "5"),
    ("2026-11-24 10:04:00", "已签收", "3"),
]


@pytest.fixture(scope="module")
def settings(tmp_path_factory):
    """With 快递100 set up: nothing is sent to it, since only its pushes are played here."""
    keys = {"KUAIDI100_CUSTOMER": "c", "KUAIDI100_KEY": "k", "KUAIDI100_API_BASE": "http://127.0.0.1:9"}
    folder = tmp_path_factory.mktemp("circle")
    return read({"CIRCLE_VAR": str(folder / "var"), "CIRCLE_KEYS": str(folder / "keys"), **keys})


@pytest.fixture
def parcel(citizen, window, handler, drain, clock):
    """A parcel just sent with EMS."""
    case = issued(citizen, window, handler, drain)
    made = window.post(
        f"/v1/cases/{case['number']}/parcels",
        {"direction": "to_citizen", "carrier": "ems", "number": "EA123456785CN"},
    )
    clock.move(minutes=10)
    return made


@pytest.fixture
def push(anyone, keyring, database, parcel):
    """Push these lines as 快递100 does: form, signed over the exact string."""
    row = database["parcels"].find_one({"_id": parcel["id"]})
    salt = keyring.open_sealed(row["_id"], "salt", row["salt"])

    def send(lines, status="polling", sign=None, secret=row["secret"]):
        data = [{"time": at, "context": text, "statusCode": code} for at, text, code in lines]
        body = {"status": status, "lastResult": {"state": "0", "com": "ems", "nu": row["number"], "data": data}}
        param = json.dumps(body, ensure_ascii=False)
        form = {"param": param, "sign": sign or sign_of(param, salt)}
        return anyone.raw("POST", f"/v1/carriers/kuaidi100/{secret}", data=form)

    return send


def test_a_push_is_answered_exactly_and_moves_the_parcel(citizen, parcel, push):
    response = push(DAY[:2][::-1])
    assert response.get_data(as_text=True) == ANSWER
    seen = citizen.get(f"/v1/parcels/{parcel['id']}")
    assert (seen["state"], [line["text"] for line in seen["events"]]) == ("in_transit", ["已揽收", "运输中"])
    assert seen["events"][0]["at"] == "2026-11-24T10:01:00+08:00"


@pytest.mark.parametrize("seed", range(5))
def test_late_repeated_and_shuffled_pushes_lead_to_the_same_parcel(citizen, parcel, push, seed):
    chance = random.Random(seed)
    pushes = [DAY[: n + 1] for n in range(4)] * 2
    chance.shuffle(pushes)
    for lines in pushes:
        lines = list(lines)
        chance.shuffle(lines)
        assert push(lines).status_code == 200
    seen = citizen.get(f"/v1/parcels/{parcel['id']}")
    assert seen["state"] == "delivered"
    assert [line["text"] for line in seen["events"]] == ["已揽收", "运输中", "派送中", "已签收"]


def test_a_wrong_signature_a_wrong_path_and_nonsense_change_nothing(citizen, parcel, push):
    assert push(DAY, sign="0" * 32).status_code == 403
    assert push(DAY, secret="guess").status_code == 404
    assert push([("yesterday", "x", "3")]).status_code == 422
    assert citizen.get(f"/v1/parcels/{parcel['id']}")["events"] == []


def test_what_the_carrier_calls_delivered_is_no_proof_until_the_citizen_confirms(citizen, parcel, push, drain):
    push(DAY, status="shutdown")
    drain()
    assert citizen.get(f"/v1/cases/{parcel['case']}")["state"] == "issued"
    version = {"If-Match": f'"{parcel["version"]}"'}
    path = f"/v1/parcels/{parcel['id']}/confirmation"
    confirmed = citizen.post(path, {}, expect=200, headers=version)
    assert confirmed["confirmed_at"]
    drain()
    assert citizen.get(f"/v1/cases/{parcel['case']}")["state"] == "handed_over"
    again = citizen.post(path, {}, expect=200, headers=version)
    assert again["confirmed_at"] == confirmed["confirmed_at"]


def test_a_parcel_that_came_back_is_to_be_sent_again_and_a_new_one_is_not(window, parcel, push, drain, app, database):
    def to_send():
        return [row["number"] for row in window.get("/v1/desk/cases?queue=to_send")["items"]]

    drain()
    assert to_send() == []
    database["cases"].update_one({}, {"$unset": {"is_sent": ""}})  # as an earlier release left it
    app.extensions["circle"].cases.queue_folding.fold(database["cases"].find_one()["_id"])
    assert (to_send(), database["cases"].find_one()["is_sent"]) == ([], True)
    push([*DAY[:2], ("2026-11-24 10:05:00", "已退签", "14"), ("2026-11-24 10:06:00", "退回已签收", "4")])
    drain()
    assert to_send() == [parcel["case"]]
    body = {"direction": "to_citizen", "carrier": "console"}
    window.post(f"/v1/cases/{parcel['case']}/parcels", body)
    drain()
    assert to_send() == []


def test_the_citizen_is_told_once_of_each_step(citizen, parcel, push, drain):
    for lines in itertools.chain.from_iterable([[DAY[:3]] * 3, [DAY] * 3]):
        push(lines)
    drain()
    kinds = [item["kind"] for item in citizen.get("/v1/notices")["items"]]
    assert kinds[:3] == ["parcel_delivered", "parcel_out_for_delivery", "parcel_sent"]
    assert kinds.count("parcel_delivered") == 1


def test_a_parcel_is_its_receivers_and_the_offices(citizen, other_citizen, window, parcel):
    other_citizen.get(f"/v1/parcels/{parcel['id']}", expect=404)
    other_citizen.get(f"/v1/parcels/{parcel['id']}/events", expect=404)
    path = f"/v1/parcels/{parcel['id']}/confirmation"
    other_citizen.post(path, {}, expect=404, headers={"If-Match": '"1"'})
    assert window.get(f"/v1/parcels/{parcel['id']}")["receiver"] == {
        "name": "王*",
        "phone": "138****8000",
        "address": "西安市新城区****",
    }


def test_one_parcel_at_a_time_and_only_of_an_issued_case_that_wants_one(citizen, window, handler, parcel, drain):
    body = {"direction": "to_citizen", "carrier": "ems", "number": "EA123456785CN"}
    assert window.post(f"/v1/cases/{parcel['case']}/parcels", body, expect=409)["code"] == "parcel_exists"
    fetched = issued(citizen, window, handler, drain, delivery={"way": "pickup"})
    assert window.post(f"/v1/cases/{fetched['number']}/parcels", body, expect=409)["code"] == "not_to_be_sent"
    assert handler.post(f"/v1/cases/{parcel['case']}/parcels", body, expect=403)["code"] == "role_wrong"


def test_of_a_closed_account_the_window_tells_where_the_parcel_is(citizen, window, parcel, push, drain, database):
    drain()
    assert window.get("/v1/desk/untold")["items"] == []
    database["citizens"].update_one({"_id": citizen.person["id"]}, {"$set": {"closed_at": parcel["created_at"]}})
    told = database["notices"].count_documents({})
    push(DAY)
    drain()
    assert [row["number"] for row in window.get("/v1/desk/untold")["items"]] == [parcel["case"]]
    assert database["notices"].count_documents({}) == told


# -- a result that was made anew --------------------------------------------------------------------

BACK = [*DAY[:2], ("2026-11-24 10:05:00", "已退签", "14"), ("2026-11-24 10:06:00", "退回已签收", "4")]


def reissued(window, number, serial="JY-2"):
    case = window.get(f"/v1/cases/{number}")
    return act(window, case, "reissue", serial=serial, reason="姓名印错")


def confirm(citizen, parcel, expect=200):
    headers = {"If-Match": f'"{parcel["version"]}"'}
    return citizen.post(f"/v1/parcels/{parcel['id']}/confirmation", {}, expect=expect, headers=headers)


def stands(window, number):
    """The state of a case, whether it is to be sent, and which of its parcels hold what was replaced, the oldest
    first."""
    sent = [row["number"] for row in window.get("/v1/desk/cases?queue=to_send")["items"]]
    parcels = window.get(f"/v1/cases/{number}/parcels")["items"][::-1]
    state = window.get(f"/v1/cases/{number}")["state"]
    return state, number in sent, [parcel["replaced"] for parcel in parcels]


@pytest.mark.parametrize(
    ("old", "lateness"),
    [
        ("on its way", "told before"),
        ("delivered", "told after"),
        ("confirmed", "told before"),
        ("confirmed", "told twice after"),
        ("back", "told before"),
        ("back", "told twice after"),
    ],
)
def test_a_parcel_is_of_one_result_and_tells_nothing_of_the_next(citizen, window, parcel, push, drain, old, lateness):
    """Whatever becomes of the parcel with the old result, and whenever: the new one is sent and handed over itself."""

    def happens():
        if old == "delivered":
            push(DAY)
        if old == "confirmed":
            confirm(citizen, parcel)
        if old == "back":
            push(BACK)

    number = parcel["case"]
    if lateness == "told before":
        happens()
        drain()
    state = window.get(f"/v1/cases/{number}")["state"]
    assert state == ("handed_over" if (old, lateness) == ("confirmed", "told before") else "issued")
    reissued(window, number)
    if lateness != "told before":
        happens()
    drain()
    if lateness == "told twice after":
        happens()
        drain()
    assert stands(window, number) == ("issued", True, [True])
    body = {"direction": "to_citizen", "carrier": "ems", "number": "EA123456785CN"}
    fresh = window.post(f"/v1/cases/{number}/parcels", body)
    assert window.post(f"/v1/cases/{number}/parcels", body, expect=409)["code"] == "parcel_exists"
    drain()
    assert stands(window, number) == ("issued", False, [True, False])
    if old in ("on its way", "delivered"):  # the citizen confirms the old one while the new one travels
        confirm(citizen, parcel)
        drain()
    assert stands(window, number) == ("issued", False, [True, False])
    confirm(citizen, fresh)
    drain()
    assert stands(window, number) == ("handed_over", False, [True, False])
    assert window.post(f"/v1/cases/{number}/parcels", body, expect=409)["code"] == "not_to_be_sent"


def test_a_parcel_written_while_the_result_is_made_anew_is_of_the_old_one(
    window, drain, parcel, push, app, monkeypatch
):
    push(BACK)
    number, parcels = parcel["case"], app.extensions["circle"].parcels
    write = type(parcels)._write_new

    def late(self, new):
        reissued(window, number)
        drain()
        write(self, new)

    monkeypatch.setattr(type(parcels), "_write_new", late)
    window.post(f"/v1/cases/{number}/parcels", {"direction": "to_citizen", "carrier": "console"})
    monkeypatch.undo()
    drain()
    assert stands(window, number) == ("issued", True, [True, True])


def test_parcels_of_an_earlier_release_hold_what_was_made_before_them(
    citizen, window, parcel, drain, app, database, clock
):
    drain()
    database["parcels"].update_many({}, {"$unset": {"result": "", "replaced": ""}})
    keys = [("case", 1), ("direction", 1)]
    database["parcels"].create_index(keys, unique=True, partialFilterExpression={"open": True})
    for _ in range(2):
        database.ensure(INDEXES)
        database.drop_old(OLD_INDEXES)
    number = parcel["case"]
    assert stands(window, number) == ("issued", False, [False])
    clock.move(minutes=1)
    reissued(window, number)
    drain()
    assert stands(window, number) == ("issued", True, [True])
    window.post(f"/v1/cases/{number}/parcels", {"direction": "to_citizen", "carrier": "console"})
    confirm(citizen, parcel)
    drain()
    assert window.get(f"/v1/cases/{number}")["state"] == "issued"


def test_a_wrong_waybill_is_refused(citizen, window, handler, drain):
    case = issued(citizen, window, handler, drain)
    for number in ("EA123456784CN", "1", ""):
        body = {"direction": "to_citizen", "carrier": "ems", "number": number}
        problem = window.post(f"/v1/cases/{case['number']}/parcels", body, expect=422)
        assert "number" in problem["errors"]


def test_the_console_carrier_plays_a_whole_day(citizen, window, handler, drain, clock):
    case = issued(citizen, window, handler, drain)
    body = {"direction": "to_citizen", "carrier": "console"}
    parcel = window.post(f"/v1/cases/{case['number']}/parcels", body)
    states = []
    for _ in range(6):
        drain()
        states.append(citizen.get(f"/v1/parcels/{parcel['id']}")["state"])
        clock.at += timedelta(seconds=4)
    assert states[:5] == ["awaiting_pickup", "picked_up", "in_transit", "out_for_delivery", "delivered"]


def test_couriers_names_and_phones_are_left_out():
    assert redact("快递员李师傅 13900001111 已揽收") == "快递员 139****1111 已揽收"
    assert redact("派件员:王小明,电话13700002222 正在派送") == "派件员,电话137****2222 正在派送"
    assert redact("【西安市】快递员正在为您派送") == "【西安市】快递员正在为您派送"


def test_s10_check_digits():
    assert check_waybill("ems", "ea 123456785 cn") == "EA123456785CN"
    assert check_waybill("sf", "SF1234567890123") == "SF1234567890123"
    with pytest.raises(ValueError, match="校验位"):
        check_waybill("ems", "EA123456780CN")


STRANGE_PUSHES = {
    "nested": "[" * 100_000 + "]" * 100_000,
    "nested objects": '{"a":' * 30_000 + "1" + "}" * 30_000,
    "nested in a line": '{"lastResult": {"data": [{"time": "2026-11-24 10:01:00", "context": %s}]}}'
    % ("[" * 9000 + "]" * 9000),
    "a status that is a list": '{"status": [], "lastResult": {"data": []}}',
    "lines that are texts": '{"status": "polling", "lastResult": {"data": ["x"]}}',
    "lines that are an object": '{"status": "polling", "lastResult": {"data": {"a": 1}}}',
    "a result that is a text": '{"status": "polling", "lastResult": "x"}',
    "a list": "[1]",
    "a number of 5,000 digits": "9" * 5000,
    "half a pair": '{"lastResult": {"data": [{"time": "2026-11-24 10:01:00", "context": "\\ud800"}]}}',
    "the year 1": '{"lastResult": {"data": [{"time": "0001-01-01 00:00:00", "context": "x"}]}}',
    "the year 9999": '{"lastResult": {"data": [{"time": "9999-12-31 23:59:59", "context": "x"}]}}',
    "nothing": "",
}


@pytest.mark.parametrize("param", STRANGE_PUSHES.values(), ids=STRANGE_PUSHES)
def test_a_signed_push_of_any_other_shape_is_refused_or_changes_nothing(
    anyone, citizen, keyring, database, parcel, param
):
    row = database["parcels"].find_one({"_id": parcel["id"]})
    salt = keyring.open_sealed(row["_id"], "salt", row["salt"])
    form = {"param": param, "sign": sign_of(param, salt)}
    assert anyone.raw("POST", f"/v1/carriers/kuaidi100/{row['secret']}", data=form).status_code in (200, 422)
    assert citizen.get(f"/v1/parcels/{parcel['id']}")["events"] == []


@pytest.mark.parametrize(
    "piece", ["快递员", "快递员 ", " ", "快递员: ", "1", "138", "13800138000", "派件员【", "：", "王"]
)
def test_a_carriers_text_of_any_length_is_redacted_in_linear_time_and_kept_short(piece):
    """For 40 times the text a pattern whose time is quadratic takes 1,600 times as long, a linear one 40 times."""

    def seconds(length, times):
        text = ("快递员" + piece * length)[:length]
        return min(timeit.repeat(lambda: redact(text), time.process_time, number=times, repeat=3)) / times

    seconds(1_000, 1)
    assert seconds(160_000, 1) < 400 * seconds(4_000, 10)
    assert len(redact(piece * 100_000)) <= MOST_TEXT
