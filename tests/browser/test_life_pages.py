"""Matters through their whole life in the pages: a citizen's phone, and consoles that are worked by keys alone."""

import sys
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.conftest import HERE, PHONE, SCREEN, Watched, open_store
from tests.browser.test_deed_pages import TOKEN
from tests.browser.test_whole_way import PICTURE
from tests.browser.test_whole_way import log_in as log_in_here
from tests.cases.test_deferral import complete
from tests.drafts.test_choices import CAFE, DEFERRAL, PROMISE, TRADE
from tests.serving import Caller, Served, drain_of, log_in_staff, wait_for
from tests.way import accepted_upload, act, complete_draft, filled_in, new_version, submitted

pytestmark = pytest.mark.browser
CITIZEN = "13800138101"
PICKUP = {"way": "pickup"}
ELDERLY = "XC-公共服务-003"
DATED = [sys.executable, "-m", "tests.browser.dated"]
ON = "document.activeElement.dataset.test ?? document.activeElement.closest('[data-test]')?.dataset.test ?? ''"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A town with a time of its own, with matters whose papers may follow and that are decided upon a promise."""
    served = Served(tmp_path_factory.mktemp("dated")).start(DATED)
    admin = Caller(served.base, log_in_staff(served, "admin").token)
    new_version(admin, CAFE, deferral=DEFERRAL)
    new_version(admin, TRADE, promise={**PROMISE, "check_days": 20, "check_unit": "工作日"})
    second = {"username": "second", "name": "周核查", "roles": ["handler"], "point": "XC-H01", "department": "SPJ"}
    admin.post("/v1/staff", second)
    yield served
    served.stop()


class Stage:
    """Who is there in all tests of this module: a citizen with a phone, three consoles, and how a case gets begun."""

    def __init__(self, chromium: Browser, site: Served) -> None:
        self.site, self.drain = site, drain_of(site)
        self._chromium, self._contexts, self._screens = chromium, list[Any](), dict[str, Watched]()
        self._citizen: Caller | None = None
        self._phone: Watched | None = None

    @property
    def citizen(self) -> Caller:
        """The citizen over HTTP, by the log-in of the phone, for what other tests do in pages."""
        self._citizen = self._citizen or Caller(self.site.base, self.phone.page.evaluate(TOKEN))
        return self._citizen

    @property
    def phone(self) -> Watched:
        """The citizen's phone, logged in."""
        if self._phone is None:
            context = self._chromium.new_context(locale="zh-CN", geolocation=HERE, **PHONE)
            self._contexts.append(context)
            self._phone = Watched(context, self.site.base, "life-phone")
            self._phone.go("/#/cases")
            log_in_here(self._phone, self.site, CITIZEN)
            self._phone.page.wait_for_url("**/#/cases")
        return self._phone

    def screen(self, role: str) -> Watched:
        """The console of an officer, logged in."""
        if role not in self._screens:
            context = self._chromium.new_context(locale="zh-CN", **SCREEN)
            self._contexts.append(context)
            screen = Watched(context, self.site.base, f"life-{role}")
            screen.go("/staff")
            screen.at("staff-username").fill(role)
            screen.at("staff-password").fill(self.site.staff_passwords()[role])
            screen.page.keyboard.press("Enter")
            screen.at("officer-roles").wait_for()
            self._screens[role] = screen
        return self._screens[role]

    def end(self) -> None:
        """Close all windows; nothing must have gone wrong in them."""
        watched = [*self._screens.values(), *([self._phone] if self._phone else [])]
        faults = [fault for one in watched for fault in one.faults]
        for context in self._contexts:
            context.close()
        assert not faults, faults


@pytest.fixture(scope="module")
def stage(chromium: Browser, site: Served) -> Iterator[Stage]:
    """The people of this module."""
    stage = Stage(chromium, site)
    yield stage
    stage.end()


# -- by keys ---------------------------------------------------------------------------


def tab_to(screen: Watched, name: str, most: int = 60) -> None:
    """Press Tab until this element has the focus."""
    for _ in range(most):
        if screen.page.evaluate(ON) == name:
            return
        screen.page.keyboard.press("Tab")
    raise AssertionError(f"Tab does not lead to {name}, but to {screen.page.evaluate(ON)}")


def fill(screen: Watched, field: str, value: Any) -> None:
    """Fill in one field of the form that is open: text, a radio button, boxes that are ticked, a choice of a list."""
    keys = screen.page.keyboard
    kind = screen.at("act-form").evaluate(
        """(form, field) => {
          const radios = form.querySelector(`input[type=radio][name="${field}"]`)
          const ticks = form.querySelector(`[data-test="act-${field}-tick"]`)
          return radios ? 'radio' : ticks ? 'ticks' : form.querySelector(`[data-test="act-${field}"]`).localName
        }""",
        field,
    )
    if kind == "radio":
        tab_to_group(screen, field)
        for _ in range(6):
            label = screen.page.evaluate("document.activeElement.labels[0].innerText")
            if screen.page.evaluate("document.activeElement.value") == value or value in label:
                break
            keys.press("ArrowDown")
        keys.press("Space")
    elif kind == "ticks":
        for n in range(value):
            tab_to(screen, f"act-{field}-tick")
            keys.press("Space")
            if n < value - 1:
                keys.press("Tab")
    elif kind == "select":
        tab_to(screen, f"act-{field}")
        for _ in range(40):
            if value in screen.page.evaluate("document.activeElement.selectedOptions[0]?.text ?? ''"):
                break
            keys.press("ArrowDown")
    else:
        tab_to(screen, f"act-{field}")
        keys.insert_text(str(value))


def tab_to_group(screen: Watched, field: str, most: int = 40) -> None:
    """Press Tab until one of these radio buttons has the focus."""
    for _ in range(most):
        if screen.page.evaluate("document.activeElement.name ?? ''") == field:
            return
        screen.page.keyboard.press("Tab")
    raise AssertionError(f"Tab does not lead to {field}")


def open_case(screen: Watched, case: dict[str, Any]) -> None:
    """Open a case in the console, as it is now; its heading has the focus then."""
    screen.go("/staff#/cases?queue=all")
    expect(screen.page.get_by_test_id("case-detail")).to_have_count(0)
    screen.go(f"/staff#/cases/{case['number']}?queue=all")
    expect(screen.at("case-detail").get_by_test_id("case-number")).to_have_text(case["number"])
    expect(screen.at("case-detail").locator("h2").first).to_be_focused()


def by_key(screen: Watched, act: str, shot: str = "", **fields: Any) -> None:
    """Do an act of the case that is open, by keys alone: Tab, Enter, what is asked for, Ctrl+Enter."""
    tab_to(screen, f"act-{act}")
    screen.page.keyboard.press("Enter")
    form, question = screen.page.get_by_test_id("act-form"), screen.page.locator(".van-dialog:visible")
    if act in ("accept", "close"):
        expect(question).to_be_focused()
        screen.page.keyboard.press("Enter")
        expect(question).to_have_count(0)
    elif act not in ("claim", "release"):
        form.wait_for()
        for field, value in fields.items():
            fill(screen, field, value)
        if shot:
            screen.shot(shot)
        screen.page.keyboard.press("Control+Enter")
        expect(form).to_have_count(0)
    expect(screen.at("case-detail").locator("h2").first).to_be_focused()


def ask_for_papers(screen: Watched, why: str, days: str = "", shot: str = "") -> None:
    """The one-time notice by keys: the first material that may be asked for, and why."""
    tab_to(screen, "act-request_supplement")
    screen.page.keyboard.press("Enter")
    tab_to(screen, "supplement-tick")
    screen.page.keyboard.press("Space")
    expect(screen.at("supplement-why")).to_be_focused()
    screen.page.keyboard.press("Control+A")
    screen.page.keyboard.insert_text(why)
    if days:
        tab_to(screen, "act-days")
        screen.page.keyboard.insert_text(days)
    if shot:
        screen.shot(shot)
    screen.page.keyboard.press("Control+Enter")
    expect(screen.page.get_by_test_id("act-form")).to_have_count(0)


# -- on the phone ------------------------------------------------------------------------


def look(phone: Watched, case: dict[str, Any], state: str, sentence: str) -> None:
    """The citizen opens the case: its state, and the sentence about its time."""
    phone.go(f"/#/cases/{case['number']}")
    phone.at("case-state").wait_for()
    phone.page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")  # as one who comes back to it
    expect(phone.at("case-state")).to_have_attribute("data-state", state)
    expect(phone.at("clock-left")).to_contain_text(sentence)


def bring(phone: Watched, way: str) -> None:
    """The citizen hands in what is asked for, each in one picture."""
    phone.at(way).click()
    phone.at("supplement-item").wait_for()
    for item in phone.page.get_by_test_id("supplement-item").all():
        item.get_by_test_id("upload-input").set_input_files(PICTURE)
        item.get_by_test_id("upload-done").wait_for()
    phone.at("supplement-submit").click()
    phone.at("case-state").wait_for()


def confirm(phone: Watched) -> None:
    phone.page.locator(".van-dialog:visible .van-dialog__confirm").click()


# -- the lives ---------------------------------------------------------------------------


def test_a_food_permit_with_two_rounds_a_survey_an_extension_and_the_counter(stage: Stage) -> None:
    case = submitted(stage.citizen, stage.drain, delivery=PICKUP)
    phone, window, handler, head = stage.phone, *map(stage.screen, ("window", "handler", "head"))
    look(phone, case, "submitted", "窗口最迟 12 月 1 日答复是否受理")
    phone.shot("waits")
    open_case(window, case)
    ask_for_papers(window, "没有签名", days="3", shot="ask")
    look(phone, case, "supplementing", "等申请人补齐材料，其间不计时。请最迟 11 月 27 日补齐")
    phone.shot("to-supplement")
    bring(phone, "case-supplement")
    look(phone, case, "submitted", "窗口最迟 12 月 1 日答复是否受理")
    open_case(handler, case)
    open_case(window, case)
    ask_for_papers(window, "签名看不清")
    look(phone, case, "supplementing", "等申请人补齐材料，其间不计时")
    bring(phone, "case-supplement")
    open_case(window, case)
    by_key(window, "accept")
    look(phone, case, "accepted", "还剩 10 个工作日，最迟 12 月 8 日办结")
    open_case(handler, case)
    by_key(handler, "claim")
    by_key(handler, "note", text="已电话核实")
    by_key(handler, "start_procedure", procedure="检验", days=4, text="送样检验")
    look(phone, case, "accepted", "特别程序期间暂停计时")
    phone.shot("stopped")
    by_key(handler, "end_procedure", procedure="检验", text="合格")
    by_key(handler, "survey", "survey", officers=2, result="met", text="后厨与图纸一致")
    by_key(handler, "request_extension", days=5, reason="等复核")
    open_case(head, case)
    by_key(head, "refuse_extension", reason="请说明原因")
    open_case(handler, case)
    by_key(handler, "request_extension", days=5, reason="等第三方复核")
    open_case(head, case)
    by_key(head, "approve_extension", reason="复核要五天")
    by_key(head, "review", opinion="agree", text="同意")
    open_case(handler, case)
    expect(handler.at("material-wanted")).to_contain_text("必须交")
    handler.shot("case-on-one-screen")
    by_key(handler, "decide", "decide", kind="grant", text="符合条件，准予许可。")
    open_case(window, case)
    by_key(window, "issue", serial="JY16101020000017")
    look(phone, case, "issued", "最迟 12 月 8 日送达")
    phone.shot("ready")
    by_key(window, "hand_over", to="applicant")
    by_key(window, "close")
    look(phone, case, "closed", "已办结，不再计时")
    phone.at("ledger").locator("summary").click()
    phone.page.screenshot(path="tests/shots/life-phone-closed.png", full_page=True)
    window.shot("closed")


def test_an_elders_card_is_done_on_the_spot(stage: Stage) -> None:
    case = submitted(stage.citizen, stage.drain, matter=ELDERLY, delivery=PICKUP)
    window = stage.screen("window")
    open_case(window, case)
    fields = {"kind": "grant", "text": "符合条件，当场办结。", "serial": "YD1", "to": "applicant"}
    by_key(window, "finish", "finish", **fields)
    look(stage.phone, case, "handed_over", "结果已送达，不再计时")
    expect(stage.phone.at("case-result")).to_contain_text("YD1")


def test_a_paper_that_follows_in_time_frees_the_result(stage: Stage) -> None:
    citizen, phone, window, handler = stage.citizen, stage.phone, stage.screen("window"), stage.screen("handler")
    case = citizen.post(f"/v1/drafts/{complete(citizen, stage.drain)['id']}/submit")["case"]
    open_case(window, case)
    by_key(window, "defer", text="材料齐了就出证。")
    look(phone, case, "accepted", "还剩 10 个工作日，最迟 12 月 8 日办结")
    expect(phone.at("deferred-open")).to_contain_text("最迟 12 月 1 日交来；交来以前不出结果，逾期不交，申请终止。")
    open_case(handler, case)
    by_key(handler, "decide", kind="grant", text="符合条件，同意筹建。")
    open_case(window, case)
    expect(window.page.get_by_test_id("act-issue")).to_have_count(0)
    look(phone, case, "granted", "已作出决定")
    phone.shot("held")
    bring(phone, "deferred-bring")
    expect(phone.at("deferred-brought")).to_contain_text("已经交来")
    open_case(handler, case)
    open_case(window, case)
    by_key(window, "issue", serial="WB1")
    by_key(window, "hand_over", to="agent", proof="委托书和代领人身份证")


def test_a_promise_is_given_on_the_phone_decided_upon_at_once_and_checked(stage: Stage) -> None:
    citizen, phone, handler = stage.citizen, stage.phone, stage.screen("handler")
    draft = citizen.post("/v1/drafts", {"matter": TRADE, **filled_in(citizen, TRADE)})
    upload = accepted_upload(citizen, stage.drain)
    materials = {gap["material"]: [upload] for gap in draft["missing"] if gap["material"]}
    citizen.patch(f"/v1/drafts/{draft['id']}", {"materials": materials, "delivery": PICKUP}, draft["version"])
    phone.go(f"/#/drafts/{draft['id']}?step=applicant")
    phone.at("promise").locator("summary").click()
    phone.at("promise-agree").check()
    phone.shot("promise")
    phone.at("promise-choose").click()
    phone.at("promise-given").wait_for()
    phone.page.evaluate("location.hash = location.hash.split('?')[0] + '?step=check'")
    phone.at("draft-agree").click()
    phone.at("draft-submit").click()
    case = {"number": phone.at("case-number").inner_text().split()[-1]}
    expect(phone.at("case-promise")).to_contain_text("已作出承诺，等待审批。")
    open_case(handler, case)
    by_key(handler, "promise", text="按告知承诺当场准予许可。")
    look(phone, case, "granted", "已作出决定")
    expect(phone.at("case-promise")).to_contain_text("12 月 22 日以前来核查")
    phone.shot("promised")
    by_key(handler, "check_promise", outcome="kept", text="现场看过，和承诺的一样。")
    look(phone, case, "granted", "已作出决定")
    expect(phone.at("case-promise")).to_contain_text("已经核查，承诺属实。")


def test_what_is_revoked_while_it_travels_is_not_to_be_used(stage: Stage) -> None:
    citizen, phone, screen = stage.citizen, stage.phone, stage.screen("window")
    draft = complete_draft(citizen, stage.drain, matter=TRADE)
    citizen.patch(f"/v1/drafts/{draft['id']}", {"promise": {"text_version": 1}}, draft["version"])
    case = citizen.post(f"/v1/drafts/{draft['id']}/submit")["case"]
    stage.drain()
    handler, window = (Caller(stage.site.base, log_in_staff(stage.site, role).token) for role in ("handler", "window"))
    case = act(window, act(handler, case, "promise", text="按告知承诺当场准予许可。"), "issue", serial="XC9")
    window.post(f"/v1/cases/{case['number']}/parcels", {"direction": "to_citizen", "carrier": "console"})
    ground = {"text": "没有承诺的场所。", "ground": "国办发〔2020〕42号"}
    case = act(handler, case, "check_promise", outcome="broken", **ground)
    act(handler, case, "revoke", **ground)
    open_case(screen, case)
    expect(screen.at("parcel-revoked")).to_contain_text("里面的结果不能再用")
    phone.go(f"/#/cases/{case['number']}")
    expect(phone.at("parcel-revoked")).to_contain_text("里面的结果不能再用")
    phone.shot("parcel-revoked")
    phone.at("parcel-confirm").click()
    expect(phone.page.locator(".van-dialog:visible")).to_contain_text("确认只说明您收到了快递")
    confirm(phone)
    expect(phone.page.get_by_text("好的，已记下您收到了")).to_be_visible()
    with open_store(stage.site) as store:  # else no paper of the next test may follow
        store["broken_promises"].update_many({}, {"$set": {"state": "lifted"}})


def test_a_refusal_shows_its_ground_and_where_to_appeal(stage: Stage) -> None:
    case = submitted(stage.citizen, stage.drain, delivery=PICKUP)
    case = act(Caller(stage.site.base, log_in_staff(stage.site, "window").token), case, "accept")
    handler, phone = stage.screen("handler"), stage.phone
    open_case(handler, case)
    by_key(handler, "claim")
    by_key(handler, "release")
    open_case(stage.screen("head"), case)
    by_key(stage.screen("head"), "assign", officer="李审批")
    open_case(handler, case)
    by_key(handler, "decide", kind="refuse", text="经营场所不符合要求。", ground="食品安全法 第33条")
    look(phone, case, "refused", "已作出决定，不再计时")
    expect(phone.at("case-decision")).to_contain_text("食品安全法 第33条")
    expect(phone.at("case-decision")).to_contain_text("行政复议")
    phone.shot("refused")


def test_an_application_is_withdrawn_before_and_after_its_acceptance(stage: Stage) -> None:
    phone = stage.phone
    for accepted in (False, True):
        case = submitted(stage.citizen, stage.drain, delivery=PICKUP)
        if accepted:
            open_case(stage.screen("window"), case)
            by_key(stage.screen("window"), "accept")
        look(phone, case, "accepted" if accepted else "submitted", "最迟")
        phone.at("case-withdraw").click()
        confirm(phone)
        expect(phone.at("case-state")).to_have_attribute("data-state", "withdrawn")
        expect(phone.at("clock-left")).to_contain_text("申请已撤回，不再计时")
        expect(phone.page.get_by_test_id("case-withdraw")).to_have_count(0)
    phone.shot("withdrawn")


def test_a_slip_is_corrected_and_the_licence_made_anew(stage: Stage) -> None:
    case = submitted(stage.citizen, stage.drain, matter=ELDERLY, delivery=PICKUP)
    fields = {"kind": "grant", "text": "年满六十五周岁。", "serial": "YD2", "to": "applicant"}
    window, officer = stage.screen("window"), Caller(stage.site.base, log_in_staff(stage.site, "window").token)
    case = act(officer, case, "finish", **fields)
    open_case(window, case)
    by_key(window, "correct", about="作出决定", was="六十五周岁", right="八十周岁", reason="看错一行")
    by_key(window, "reissue", serial="YD3", reason="年龄印错")
    look(stage.phone, case, "issued", "已作出决定")
    expect(stage.phone.page.get_by_text("结果已重新制作，正准备把新的交给您")).to_be_visible()
    expect(stage.phone.at("case-result")).to_contain_text("YD3")
    stage.phone.shot("corrected")
    by_key(window, "hand_over", to="applicant")
    by_key(window, "close")


def test_what_is_not_accepted_moved_or_ended_is_done_by_keys_too(stage: Stage) -> None:
    window = stage.screen("window")
    declined, moved, ended = (submitted(stage.citizen, stage.drain, delivery=PICKUP) for _ in range(3))
    open_case(window, declined)
    by_key(window, "decline", reason="这件事归市局办，请到市政务大厅。")
    look(stage.phone, declined, "declined", "没有受理，不计时")
    stage.phone.shot("declined")
    open_case(window, ended)
    by_key(window, "terminate", cause="已经不存在", text="房屋已经拆除。")
    open_case(window, moved)
    tab_to(window, "act-note")
    window.page.keyboard.press("Enter")
    window.page.keyboard.press("Escape")
    expect(window.at("act-note")).to_be_focused()
    by_key(window, "transfer", department="民政局", reason="归民政")


def test_what_does_not_follow_in_time_ends_the_application(stage: Stage, site: Served) -> None:
    citizen, phone = stage.citizen, stage.phone
    case = citizen.post(f"/v1/drafts/{complete(citizen, stage.drain)['id']}/submit")["case"]
    case = act(Caller(site.base, log_in_staff(site, "window").token), case, "defer")
    (site.folder / "ahead").write_text("8")
    wait_for(lambda: citizen_state(site, case) == "terminated")
    look(phone, case, "terminated", "已终止办理，不再计时")
    expect(phone.at("deferred-late")).to_contain_text("没有在期限内交来，申请已经终止。")
    phone.shot("late")


def citizen_state(site: Served, case: dict[str, Any]) -> str:
    """The state of a case as its window sees it, who logs in again on another day."""
    state: str = Caller(site.base, log_in_staff(site, "window").token).get(f"/v1/cases/{case['number']}")["state"]
    return state
