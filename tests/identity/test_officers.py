"""Staff: first password, second factor, lock-out, idleness, administration, recovery."""

import pyotp
import pytest
import segno

from api import ports
from api.identity.ports import Policy
from api.identity.service import Identity
from api.identity.sessions.store import SessionStore
from api.identity.store import IdentityStore
from api.identity.verifications.store import VerificationStore
from tests.conftest import PASSWORD, Caller

NEW = "another-good-password"
POST = {"username": "new.one", "name": "㛃䶮𠮷", "roles": ["window"], "point": "XC-H01", "department": "SPJ"}


@pytest.fixture
def admin(staff):
    """An administrator."""
    return staff("admin")


@pytest.fixture
def strict(database, keyring, clock, app):
    """Identity as in real use: the second factor is required."""
    return Identity(
        IdentityStore(database),
        sessions=SessionStore(database),
        verifications=VerificationStore(database),
        keyring=keyring,
        transact=database.transact,
        now=clock,
        policy=Policy(trial=False),
        ports=ports.filled(ports.of_identity, app.extensions["circle"]),
    )


@pytest.fixture
def enter(app, anyone):
    """Log an officer in."""

    def log_in(username, password, expect=201, **rest):
        told = anyone.post("/v1/staff/sessions", {"username": username, "password": password, **rest}, expect=expect)
        return Caller(app.test_client(), told) if expect == 201 else told

    return log_in


# -- first password ------------------------------------------------------------


def test_the_first_password_opens_only_its_own_change(admin, enter, citizen):
    made = admin.post("/v1/staff", POST)
    assert made["name"] == POST["name"]
    officer = enter("new.one", made["first_password"])
    assert officer.tokens["must_change_password"] is True
    assert "密码" in officer.tokens["note"]["zh"]
    officer.get("/v1/desk/cases?queue=mine", expect=403)
    body = {"old": made["first_password"], "new": NEW}
    assert officer.post("/v1/staff/password", {**body, "new": "short"}, expect=422)["code"] == "bad_fields"
    assert officer.post("/v1/staff/password", {**body, "old": "wrong"}, expect=401)["code"] == "password_wrong"
    assert officer.post("/v1/staff/password", body, expect=200)["must_change_password"] is False
    officer.get("/v1/desk/cases?queue=mine")
    enter("new.one", made["first_password"], expect=401)
    assert enter("new.one", NEW).tokens["must_change_password"] is False


def test_a_repeated_request_makes_one_officer_and_shows_no_password_again(admin):
    key = {"Idempotency-Key": "add-new-one"}
    assert "first_password" in admin.post("/v1/staff", POST, headers=key)
    assert "first_password" not in admin.post("/v1/staff", POST, headers=key)
    assert admin.post("/v1/staff", POST, expect=409)["code"] == "username_taken"


def test_changing_the_password_ends_the_other_log_ins(app, enter):
    app.extensions["circle"].identity.seed_staff("wang", PASSWORD, "王窗口", {"window"}, None, None)
    here, there = enter("wang", PASSWORD), enter("wang", PASSWORD)
    there.get("/v1/me")
    here.post("/v1/staff/password", {"old": PASSWORD, "new": NEW}, expect=200)
    there.get("/v1/me", expect=401)
    here.get("/v1/me")


# -- second factor ---------------------------------------------------------------


def test_the_second_factor_is_enrolled_asked_for_and_good_once(admin, enter, clock, app):
    username = app.extensions["circle"].identity.staff.member(admin.person["id"])["username"]
    secret = admin.post("/v1/staff/totp")
    assert secret["uri"].startswith("otpauth://totp/")
    totp = pyotp.TOTP(secret["secret"])
    assert admin.post("/v1/staff/totp/confirmation", {"code": "000000"}, expect=401)["code"] == "totp_wrong"
    admin.post("/v1/staff/totp/confirmation", {"code": totp.at(clock())}, expect=200)
    assert enter(username, PASSWORD, expect=401)["code"] == "totp_needed"
    assert enter(username, PASSWORD, expect=401, totp=totp.at(clock()))["code"] == "totp_wrong"
    clock.move(seconds=30)
    enter(username, PASSWORD, totp=totp.at(clock()))
    assert admin.post("/v1/staff/totp", expect=409)["code"] == "totp_exists"


def test_confirming_an_authenticator_ends_the_other_log_ins(admin, enter, clock, app):
    other = enter(app.extensions["circle"].identity.staff.member(admin.person["id"])["username"], PASSWORD)
    secret = admin.post("/v1/staff/totp")["secret"]
    other.get("/v1/me")
    admin.post("/v1/staff/totp/confirmation", {"code": pyotp.TOTP(secret).at(clock())}, expect=200)
    other.get("/v1/me", expect=401)
    other.post("/v1/sessions/refresh", {"refresh_token": other.tokens["refresh_token"]}, expect=401)
    admin.get("/v1/me")


@pytest.mark.parametrize("role", ["window", "handler", "head", "supervisor", "admin"])
def test_in_real_use_these_roles_can_do_nothing_without_it(strict, clock, role):
    strict.seed_staff("chief", PASSWORD, "赵主任", {role}, None, "SPJ")
    told = strict.staff.log_in("chief", PASSWORD)
    assert told["must_set_totp"] is True
    actor = strict.actor(told["token"])
    assert actor.roles == {"newcomer"}
    secret = strict.staff.begin_totp(actor)["secret"]
    strict.staff.confirm_totp(actor, pyotp.TOTP(secret).at(clock()))
    assert strict.actor(told["token"]).roles == {"staff", role}


def test_a_trial_says_that_it_does_not_ask(staff):
    assert "试用" in staff("supervisor").tokens["note"]["zh"]


# -- lock-out and idleness -----------------------------------------------------------


@pytest.mark.parametrize("username", ["wang", "nobody"])
def test_five_wrong_tries_lock_a_name_for_fifteen_minutes(app, anyone, enter, clock, username):
    app.extensions["circle"].identity.seed_staff("wang", PASSWORD, "王窗口", {"window"}, None, None)
    for _ in range(5):
        enter(username, "wrong-password", expect=401)
    locked = anyone.raw("POST", "/v1/staff/sessions", json={"username": username, "password": PASSWORD})
    assert (locked.status_code, locked.get_json()["code"]) == (429, "locked_out")
    assert int(locked.headers["Retry-After"]) == 900
    clock.move(minutes=15, seconds=1)
    enter(username, PASSWORD, expect=201 if username == "wang" else 401)


# -- administration --------------------------------------------------------------------


def test_an_administrator_changes_a_post_against_a_version(admin, window, database):
    path = f"/v1/staff/{window.person['id']}"
    assert admin.raw("GET", path).headers["ETag"] == '"1"'
    assert admin.patch(path, {"roles": ["handler"], "point": None}, 1)["roles"] == ["handler"]
    assert admin.patch(path, {"name": "李"}, 1, expect=412)["code"] == "version_stale"
    window.get("/v1/me", expect=401)
    assert database["audit"].count_documents({"act": "staff.change"}) == 1
    assert {row["id"] for row in admin.get("/v1/staff")["items"]} == {admin.person["id"], window.person["id"]}


def test_at_the_machine_itself_a_post_is_changed_alike(app, staff, database):
    officers, officer = app.extensions["circle"].identity.staff, staff("window")
    username = officers.member(officer.person["id"])["username"]
    assert officers.change_by_hand(username, {"roles": ("handler",), "point": None})["roles"] == ["handler"]
    officer.get("/v1/me", expect=401)
    assert officers.change_by_hand("nobody", {"active": False}) is None
    for change, why in (
        ({"point": "XC-H99"}, "no point XC-H99 here"),
        ({"name": " "}, "need correcting"),
    ):
        with pytest.raises(ValueError, match=why):
            officers.change_by_hand(username, change)
    admin = officers.member(staff("admin").person["id"])["username"]
    with pytest.raises(ValueError, match="last administrator"):
        officers.change_by_hand(admin, {"active": False})
    assert database["audit"].find_one({"act": "staff.change"})["actor"] == "command-line"


def test_who_has_left_cannot_come_in(admin, app, enter):
    identity = app.extensions["circle"].identity
    staff_id = identity.seed_staff("wang", PASSWORD, "王窗口", {"window"}, None, None)
    officer = enter("wang", PASSWORD)
    admin.patch(f"/v1/staff/{staff_id}", {"active": False}, 1)
    officer.get("/v1/me", expect=401)
    enter("wang", PASSWORD, expect=401)


def test_the_last_administrator_cannot_go(admin):
    path = f"/v1/staff/{admin.person['id']}"
    for change in ({"active": False}, {"roles": ["window"]}):
        assert admin.patch(path, change, 1, expect=409)["code"] == "last_admin"
    assert admin.get(path)["roles"] == ["admin"]


def test_others_do_not_manage_staff(window, handler, staff, citizen):
    for caller in (window, handler, staff("head"), staff("supervisor"), citizen):
        caller.get("/v1/staff", expect=403)
        caller.post("/v1/staff", POST, expect=403)


def test_a_recovery_takes_two_administrators(admin, staff, window, app, enter):
    second, path = staff("admin"), f"/v1/staff/{window.person['id']}/recovery"
    assert second.post(f"{path}/confirmation", expect=409)["code"] == "no_recovery"
    admin.post(path)
    assert admin.post(f"{path}/confirmation", expect=409)["code"] == "second_admin_needed"
    recovered = second.post(f"{path}/confirmation", expect=200)
    window.get("/v1/me", expect=401)
    officer = enter(recovered["username"], recovered["first_password"])
    assert officer.tokens["must_change_password"] is True
    assert second.post(f"{path}/confirmation", expect=409)["code"] == "no_recovery"


def test_a_recovery_that_nobody_confirms_ends_after_a_day(admin, staff, window, clock):
    path = f"/v1/staff/{window.person['id']}/recovery"
    admin.post(path)
    clock.move(hours=24, seconds=1)
    assert staff("admin").post(f"{path}/confirmation", expect=409)["code"] == "no_recovery"


def test_open_recoveries_are_listed_with_names_until_one_is_confirmed_struck_out_or_over(admin, staff, window, clock):
    second, people = staff("admin", name="钱副手"), [window, staff("handler")]
    for officer in people:
        admin.post(f"/v1/staff/{officer.person['id']}/recovery")
    first = second.get("/v1/staff/recoveries?limit=1")
    rest = second.get(f"/v1/staff/recoveries?cursor={first['next']}")
    listed = first["items"] + rest["items"]
    assert [one["staff"] for one in listed] == sorted(officer.person["id"] for officer in people)
    assert {one["name"] for one in listed} == {"王窗口", "李审批"}
    assert {(one["by"], one["by_name"]) for one in listed} == {(admin.person["id"], "赵工")}
    assert rest["next"] is None
    second.post(f"/v1/staff/{people[0].person['id']}/recovery/confirmation", expect=200)
    assert [one["staff"] for one in second.get("/v1/staff/recoveries")["items"]] == [people[1].person["id"]]
    second.call("DELETE", f"/v1/staff/{people[1].person['id']}/recovery", expect=204)
    assert second.get("/v1/staff/recoveries")["items"] == []
    path = f"/v1/staff/{people[1].person['id']}/recovery"
    assert second.call("DELETE", path, expect=409)["code"] == "no_recovery"
    assert second.post(f"{path}/confirmation", expect=409)["code"] == "no_recovery"
    admin.post(path)
    clock.move(hours=24, seconds=1)
    assert staff("admin").get("/v1/staff/recoveries")["items"] == []


def test_staff_are_found_by_a_word_a_role_and_whether_they_are_here(admin, staff, app):
    seed = app.extensions["circle"].identity.seed_staff
    ids = {
        name: seed(name, PASSWORD, person, roles, point, department)
        for name, person, roles, point, department in (
            ("li.hua", "李华", {"window"}, "XC-H01", None),
            ("lixin", "㛃䶮𠮷", {"window", "handler"}, None, "SPJ"),
            ("wang", "王(小)", {"handler"}, None, "RSJ"),
        )
    }
    admin.patch(f"/v1/staff/{ids['wang']}", {"active": False}, 1)

    def found(query):
        return [row["username"] for row in admin.get(f"/v1/staff?{query}")["items"] if row["username"] in ids]

    assert found("q=LI") == ["li.hua", "lixin"]
    assert found("q=i.h") == ["li.hua"], "a dot is a dot"
    assert found("q=李") == ["li.hua"]
    assert found("q=𠮷") == ["lixin"]
    assert found("q=王(") == ["wang"]
    assert found("q=h01") == ["li.hua"]
    assert found("q=spj") == ["lixin"]
    assert found("role=handler") == ["lixin", "wang"]
    assert found("role=handler&active=true") == ["lixin"]
    assert found("active=false") == ["wang"]
    first = admin.get("/v1/staff?q=li&limit=1")
    assert [first["items"][0]["username"], *found(f"q=li&limit=1&cursor={first['next']}")] == ["li.hua", "lixin"]
    for wrong in ("q=", "role=king", "active=perhaps"):
        admin.get(f"/v1/staff?{wrong}", expect=422)


def test_the_secret_comes_as_a_picture_that_holds_its_address(admin):
    secret = admin.post("/v1/staff/totp")
    assert secret["qr"].startswith("data:image/svg+xml")
    assert secret["qr"] == segno.make_qr(secret["uri"], error="m").svg_data_uri(omitsize=True)


# -- two administrators are two --------------------------------------------------------------------------------------


@pytest.fixture
def added(app, anyone):
    """Adds a member of staff by another, who sets a password of their own; gives a Caller."""

    def by(admin, *roles, name):
        post = {**POST, "username": name, "roles": list(roles)}
        member = admin.post("/v1/staff", post)
        told = {"username": name, "password": member["first_password"]}
        new = Caller(app.test_client(), anyone.post("/v1/staff/sessions", told))
        new.post("/v1/staff/password", {"old": member["first_password"], "new": NEW}, expect=200)
        return Caller(app.test_client(), anyone.post("/v1/staff/sessions", {"username": name, "password": NEW}))

    return by


def again(app, anyone, name):
    return Caller(app.test_client(), anyone.post("/v1/staff/sessions", {"username": name, "password": NEW}))


def confirmation(opener, second, officer, expect):
    path = f"/v1/staff/{officer.person['id']}/recovery"
    opener.post(path)
    return second.post(f"{path}/confirmation", expect=expect)


def test_who_was_added_by_the_opener_or_added_the_opener_confirms_nothing(
    admin, staff, window, added, app, anyone, clock
):
    added(admin, "admin", name="second")
    clock.move(days=2)
    username = app.extensions["circle"].identity.staff.member(admin.person["id"])["username"]
    first = Caller(app.test_client(), anyone.post("/v1/staff/sessions", {"username": username, "password": PASSWORD}))
    second = again(app, anyone, "second")
    for opener, other in ((first, second), (second, first)):
        assert confirmation(opener, other, window, 409)["code"] == "second_admin_needed"
    third = added(second, "admin", name="third")
    assert confirmation(first, third, window, 409)["code"] == "second_admin_needed", "through another, and of today"
    confirmation(second, staff("admin"), window, 200)


def test_who_was_added_or_raised_today_confirms_nothing_until_the_day_is_over(
    admin, staff, window, added, app, anyone, clock
):
    other = staff("admin")
    fresh = added(other, "admin", name="fresh")
    raised = staff("window")
    other.patch(f"/v1/staff/{raised.person['id']}", {"roles": ["window", "admin"]}, 1)
    username = app.extensions["circle"].identity.staff.member(raised.person["id"])["username"]
    raised = Caller(app.test_client(), anyone.post("/v1/staff/sessions", {"username": username, "password": PASSWORD}))
    for second in (fresh, raised):
        assert confirmation(admin, second, window, 409)["code"] == "second_admin_needed"
    clock.move(days=1, seconds=1)
    opener, fresh = staff("admin"), again(app, anyone, "fresh")
    confirmation(opener, fresh, window, 200)


def test_whose_account_somebody_recovered_confirms_nothing_of_theirs(staff, window, app, anyone, clock):
    opener, second, lost = staff("admin"), staff("admin"), staff("admin")
    first = confirmation(opener, second, lost, 200)
    told = {"username": first["username"], "password": first["first_password"]}
    begun = Caller(app.test_client(), anyone.post("/v1/staff/sessions", told))
    begun.post("/v1/staff/password", {"old": first["first_password"], "new": NEW}, expect=200)
    names = [app.extensions["circle"].identity.staff.member(who.person["id"])["username"] for who in (opener, second)]
    clock.move(days=2)
    recovered = again(app, anyone, first["username"])
    opener, second = (
        Caller(app.test_client(), anyone.post("/v1/staff/sessions", {"username": name, "password": PASSWORD}))
        for name in names
    )
    assert confirmation(second, recovered, window, 409)["code"] == "second_admin_needed"
    assert confirmation(recovered, second, window, 409)["code"] == "second_admin_needed"
    confirmation(opener, recovered, window, 200)


@pytest.mark.parametrize("change", [{"roles": ["admin", "supervisor"]}, {"department": "RSJ"}, {"point": "XC-C01"}])
def test_nobody_gives_themself_a_role_or_a_post(admin, staff, change):
    path = f"/v1/staff/{admin.person['id']}"
    assert admin.patch(path, change, 1, expect=409)["code"] == "second_admin_needed"
    assert staff("admin").patch(path, change, 1)["version"] == 2


def test_nobody_is_raised_by_whom_they_raised_or_added(admin, added, app, anyone, clock):
    path = f"/v1/staff/{admin.person['id']}"
    puppet = added(admin, "admin", name="puppet")
    assert puppet.patch(path, {"roles": ["admin", "supervisor"]}, 1, expect=409)["code"] == "second_admin_needed"
    deeper = added(puppet, "admin", name="deeper")
    clock.move(days=2)
    deeper = again(app, anyone, "deeper")
    assert deeper.patch(path, {"roles": ["admin", "head"]}, 1, expect=409)["code"] == "second_admin_needed"
    assert deeper.patch(path, {"name": "赵工程师"}, 1)["name"] == "赵工程师"


def test_of_two_who_raised_each_other_neither_goes_on(admin, staff, app, anyone):
    officers = app.extensions["circle"].identity.staff
    window = staff("window")
    path = f"/v1/staff/{window.person['id']}"
    admin.patch(path, {"roles": ["admin", "window"]}, 1)
    username = officers.member(window.person["id"])["username"]
    window = Caller(app.test_client(), anyone.post("/v1/staff/sessions", {"username": username, "password": PASSWORD}))
    own = f"/v1/staff/{admin.person['id']}"
    assert window.patch(own, {"roles": ["admin", "window"]}, 1, expect=409)["code"] == "second_admin_needed"


def test_one_may_give_up_a_role_of_ones_own(admin, staff):
    staff("admin")
    both = staff("admin", "window")
    changed = both.patch(f"/v1/staff/{both.person['id']}", {"roles": ["window"]}, 1)
    assert changed["roles"] == ["window"]
