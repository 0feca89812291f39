"""The circle on a phone: where one is, what can be done where and when, and what is not known, in Chromium."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import PHONE, Watched
from tests.serving import log_in_staff

pytestmark = pytest.mark.browser
HALL = '[data-test="circle-point"][data-id="XC-H01"]'


@pytest.fixture
def citizen(chromium, site):
    """A phone whose owner keeps the position to themselves."""
    context = chromium.new_context(locale="zh-CN", **PHONE)
    yield Watched(context, site.base, "circle")
    context.close()


def tap_map(page: Page) -> None:
    """In the middle of the map, where no place lies under the finger."""
    page.get_by_test_id("circle-map").click(position={"x": 60, "y": 60})


def show_closed_places_too(phone: Watched) -> None:
    """So that the test holds at night, too."""
    phone.at("circle-closed-too").click()


def test_whoever_gives_no_position_chooses_a_street_and_is_remembered(citizen):
    citizen.go("/#/circle")
    expect(citizen.at("circle-refused")).to_contain_text("选一个街道或社区")
    citizen.at("circle-facility-wheelchair").wait_for()
    citizen.shot("refused")
    citizen.at("circle-street").select_option("西一路街道")
    citizen.at("circle-minutes-30").click()
    show_closed_places_too(citizen)
    citizen.page.locator(HALL).wait_for()
    expect(citizen.at("circle-basis")).to_contain_text("估算")
    expect(citizen.at("circle-why")).to_contain_text("步行")
    citizen.page.reload()
    citizen.page.locator(HALL).wait_for()
    expect(citizen.at("circle-street")).to_have_value("西一路街道")
    assert citizen.faults == []


def test_a_tap_on_the_map_says_where_one_is(citizen):
    citizen.go("/#/circle")
    citizen.at("circle-refused").wait_for()
    tap_map(citizen.page)
    expect(citizen.at("circle-street")).to_contain_text("地图上点的位置")
    citizen.at("circle-head").wait_for()
    assert citizen.faults == []


def test_the_list_says_minutes_opening_parts_doubts_and_what_has_no_position(phone):
    phone.go("/#/circle")
    phone.at("circle-head").wait_for()
    show_closed_places_too(phone)
    phone.at("circle-search").fill("残疾证")
    phone.at("circle-search-result").click()
    phone.at("circle-matter").wait_for()
    point = phone.page.locator(HALL)
    expect(point).to_contain_text("分钟")
    expect(point.get_by_test_id("circle-open")).to_contain_text("到时")
    expect(point.get_by_test_id("circle-can")).to_be_visible()
    expect(point.get_by_test_id("circle-doubt")).to_contain_text("350 米")
    phone.shot("matter")
    phone.at("circle-matter-clear").click()
    phone.at("circle-facility-wheelchair").click()
    expect(phone.page.get_by_test_id("circle-point")).to_have_count(1)
    phone.at("circle-facility-wheelchair").click()
    phone.page.get_by_test_id("circle-unplaced").locator("summary").click()
    phone.at("circle-unplaced-point").scroll_into_view_if_needed()
    phone.shot("unplaced")
    assert phone.faults == []


def test_where_nothing_is_near_enough_the_nearest_others_are_shown_with_the_reason(phone):
    phone.page.context.set_geolocation({"longitude": 109.026, "latitude": 34.2983})
    phone.go("/#/circle")
    phone.at("circle-minutes-10").click()
    phone.at("circle-beyond").wait_for()
    expect(phone.at("circle-why-none")).to_contain_text("分钟")
    phone.shot("nothing-inside")
    assert phone.faults == []


def test_a_place_tells_its_week_its_doubts_and_the_way_in_each_map_program(phone):
    phone.go("/#/points/XC-C01")
    expect(phone.page.get_by_test_id("point-week").locator("tr")).to_have_count(7)
    expect(phone.at("point-typical")).to_contain_text("先在网上问窗口")
    expect(phone.at("point-lunch")).to_contain_text("12:00–13:00")
    phone.shot("place")
    phone.at("point-navigate").click()
    assert phone.at("point-way-geo").get_attribute("href").startswith("geo:34.2633,108.951")
    assert "109.95" not in phone.at("point-way-amap").get_attribute("href")
    assert "bd09ll" in phone.at("point-way-baidu").get_attribute("href")
    phone.shot("ways")
    assert phone.faults == []


def test_elders_see_the_phone_first_fewer_things_and_walk_slowly(phone):
    phone.go("/#/me")
    phone.at("elder-toggle").check()
    phone.go("/#/circle")
    phone.at("circle-head").wait_for()
    expect(phone.at("circle-mode-walk_slow")).to_be_hidden()
    phone.page.get_by_test_id("circle-options").locator("summary").click()
    expect(phone.at("circle-mode-walk_slow")).to_have_attribute("aria-pressed", "true")
    show_closed_places_too(phone)
    expect(phone.page.get_by_test_id("circle-point")).to_have_count(3)
    phone.page.get_by_test_id("circle-options").locator("summary").click()
    phone.shot("elder")
    phone.go("/#/points/XC-H01")
    phone.at("point-phone").wait_for()
    top = {name: phone.at(name).bounding_box()["y"] for name in ("point-phone", "point-name")}
    assert top["point-phone"] < top["point-name"]
    phone.shot("elder-place")
    assert phone.faults == []


def test_an_administrator_finds_changes_and_adds_a_point_and_is_told_of_a_conflict(screens, site):
    screen = screens("admin")
    screen.at("rail-places").click()
    screen.at("places-unsure").check()
    screen.at("places-find").fill("西一路街道便民")
    screen.at("place-row").click()
    expect(screen.at("place-name")).to_have_value("西一路街道便民服务中心")
    screen.at("place-hours").fill("Mo-Fr 9-5")
    expect(screen.at("place-hours-wrong")).to_contain_text("9-5")
    expect(screen.at("place-save")).to_be_disabled()
    screen.at("place-hours").fill("Mo-Fr 08:30-12:00,14:00-18:00")
    expect(screen.at("place-week")).to_contain_text("14:00–18:00")
    screen.at("place-phone").fill("029-87410000")
    screen.shot("place-editor")
    somebody_else_changes(site, "XC-C01", leader="李主任")
    screen.at("place-save").click()
    screen.at("place-take-theirs").click()
    expect(screen.at("place-leader")).to_have_value("李主任")
    expect(screen.at("place-phone")).to_have_value("029-87410000")
    screen.at("place-save").click()
    screen.page.get_by_test_id("place-versions").wait_for()
    screen.at("places-find").fill("")
    screen.at("place-new").click()
    screen.at("place-name").fill("火车站自助点")
    screen.at("place-kind").select_option("self_service")
    screen.page.get_by_test_id("place-editor").get_by_test_id("circle-map").click(position={"x": 120, "y": 90})
    screen.at("place-save").click()
    expect(screen.page.get_by_test_id("place-row").filter(has_text="火车站自助点")).to_have_count(1)
    screen.shot("place-added")
    screen.at("place-remove").click()
    screen.page.locator(".van-dialog__confirm").click()
    expect(screen.page.get_by_test_id("place-row").filter(has_text="火车站自助点")).to_have_count(0)
    screen.at("places-networks").click()
    screen.at("networks-empty").wait_for()
    screen.shot("networks")
    expected = ("403", "412", "422")  # counts that are not an administrator's; the conflict; hours that cannot be read
    assert [fault for fault in screen.faults if not any(status in fault for status in expected)] == []


def somebody_else_changes(site, point, **fields):
    """Between the reading and the saving of the screen."""
    admin = log_in_staff(site, "admin")
    version = admin.call("GET", f"/v1/points/{point}")["version"]
    admin.call("PATCH", f"/v1/points/{point}", json=fields, headers={"If-Match": f'"{version}"'})


def test_what_a_citizen_finds_wrong_is_settled_by_the_office(phone, screens):
    for path in ("/#/points/XC-H01", "/#/matters/XC-行政许可-001"):
        phone.go(path)
        phone.at("report").click()
        phone.at("report-text").fill("搬走了，门口贴着告示。")
        phone.at("report-send").click()
        phone.at("report-sent").wait_for()
    screen = screens("window")
    screen.at("rail-places").click()
    rows = screen.page.get_by_test_id("report-row")
    expect(rows).to_have_count(2)
    screen.shot("reports")
    screen.at("report-words").fill("谢谢，地址已经改好。")
    screen.at("report-settle").click()
    expect(rows).to_have_count(1)
    assert phone.faults == []
