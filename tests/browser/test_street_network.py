"""With a street network: streets and the outline on the maps of phone and console; what is far from them is said."""

from datetime import UTC, datetime, timedelta

import pytest
import requests
from playwright.sync_api import expect

from api.circle.points_csv import write_points
from tests.browser.conftest import PHONE, Watched, open_store
from tests.circle.places import HELSINKI, made
from tests.serving import log_in_staff, wait_for

pytestmark = pytest.mark.browser
HERE = {"longitude": 24.9435, "latitude": 60.1710}
FAR = {"longitude": 24.9435, "latitude": 60.1810}
OFF = {"longitude": 24.9435, "latitude": 60.1850}
STREET, OUTLINE = (194, 204, 215), (15, 94, 168)
POINTS = [
    made(
        "HEL-1",
        24.9414,
        60.1699,
        kind="hall",
        name="中央大厅",
        street_name="中央街道",
        position_error_m=20,
        confirmed=True,
    ),
    made("HEL-2", 24.9460, 60.1722, kind="centre", name="东街便民服务中心", street_name="东街", position_error_m=150),
    made("HEL-3", 24.9392, 60.1741, name="北社区便民服务站", street_name="东街", position_error_m=20, confirmed=True),
    made("HEL-5", 24.9435, 60.1842, name="湾边便民服务站", street_name="东街", position_error_m=20, confirmed=True),
    made("HEL-4", None, None, name="无位置便民服务站", street_name="东街"),
]


@pytest.fixture(scope="module")
def city(site):
    """The site with points in Helsinki and its streets."""
    file = site.folder / "helsinki.csv"
    file.write_text(write_points(POINTS), "utf-8")
    for command in (("load", str(file)), ("network", "add", str(HELSINKI))):
        done = site.command(*command)
        assert done.returncode == 0, done.stderr
    question = {"lon": 24.9435, "lat": 60.1710}
    wait_for(lambda: asked(site, question).get("basis") == "network")
    return site


def asked(site, question):
    return requests.get(f"{site.base}/v1/circle", params=question, timeout=60).json()


@pytest.fixture
def at(chromium, city):
    """Phones, each standing somewhere."""
    contexts = []

    def stand(place):
        context = chromium.new_context(locale="zh-CN", geolocation=place, permissions=["geolocation"], **PHONE)
        contexts.append(context)
        return Watched(context, city.base, "city")

    yield stand
    for context in contexts:
        context.close()


def drawn(watched, colour):
    """How much of the map's canvas is of a colour: lines are blended at their edges only."""
    count = """([r, g, b]) => [...document.querySelectorAll('.map canvas')].reduce((sum, canvas) => {
        const copy = new OffscreenCanvas(canvas.width, canvas.height).getContext('2d', { willReadFrequently: true })
        copy.drawImage(canvas, 0, 0)
        const { data } = copy.getImageData(0, 0, canvas.width, canvas.height)
        for (let i = 0; i < data.length; i += 4) {
            const away = Math.abs(data[i] - r) + Math.abs(data[i + 1] - g) + Math.abs(data[i + 2] - b)
            if (data[i + 3] > 150 && away < 12) sum += 1
        }
        return sum
    }, 0)"""
    return watched.page.evaluate(count, list(colour))


def wait_until_drawn(watched, colour, least):
    wait_for(lambda: drawn(watched, colour) >= least, told=lambda: f"only {drawn(watched, colour)} of {colour}")


def test_streets_and_the_outline_are_drawn_and_times_come_from_them(at):
    phone = at(HERE)
    phone.go("/#/circle")
    phone.at("circle-closed-too").click()
    phone.page.locator('[data-test="circle-point"][data-id="HEL-1"]').wait_for()
    expect(phone.at("circle-basis")).to_contain_text("每小时 4 公里")
    expect(phone.page.get_by_test_id("circle-snapped")).to_have_count(0)
    expect(phone.page.locator('[data-id="HEL-2"]').get_by_test_id("circle-doubt")).to_contain_text("150 米")
    wait_until_drawn(phone, STREET, 1_500)
    wait_until_drawn(phone, OUTLINE, 150)
    expect(phone.page.locator(".map .disc.rough")).to_have_count(1)
    phone.shot("streets")
    phone.at("circle-minutes-10").click()
    phone.page.wait_for_load_state("networkidle")
    phone.shot("ten-minutes")
    phone.at("circle-minutes-30").click()
    aside = phone.page.locator('[data-test="circle-point"][data-id="HEL-5"]')
    expect(aside.get_by_test_id("circle-guessed")).to_contain_text("按直线距离估算")
    expect(phone.page.get_by_test_id("circle-guessed")).to_have_count(1)
    assert phone.faults == []


@pytest.mark.parametrize(
    ("place", "words", "basis"), [(FAR, "离最近的街道约", "按街道一条条算出来的"), (OFF, "500 米内没有街道", None)]
)
def test_far_from_every_street_the_page_says_so(at, place, words, basis):
    phone = at(place)
    phone.go("/#/circle")
    phone.at("circle-closed-too").click()
    expect(phone.at("circle-snapped")).to_contain_text(words)
    if basis:
        expect(phone.at("circle-basis")).to_contain_text(basis)
    phone.shot("far")
    assert phone.faults == []


def test_a_place_lists_what_can_be_done_there(at):
    phone = at(HERE)
    phone.go("/#/points/HEL-2")
    expect(phone.at("point-doubt")).to_contain_text("150 米")
    phone.page.get_by_test_id("point-matters").locator("summary").click()
    phone.at("point-matter").scroll_into_view_if_needed()
    phone.shot("matters")
    assert phone.faults == []


def tell_builds(site):
    """What three builders have told the store: one at work, one that was killed long ago, one that could not."""
    now = datetime.now(UTC)
    row = {"v": 1, "file": "shaanxi-latest.osm.pbf", "host": "hall-1", "state": "building", "began_at": now, "at": now}
    row |= {"code": None, "step": "searching", "mode": "bike", "done": 32, "of": 81}
    long_ago = {"began_at": now - timedelta(hours=3), "at": now - timedelta(hours=2)}
    others = [{"state": "failed", "code": "far_away", "file": "henan.osm.pbf"}, {**long_ago, "mode": "walk"}]
    rows = [{**row, "_id": f"{2 - i}", "generation": f"{2 - i}", **told} for i, told in enumerate([{}, *others])]
    with open_store(site) as store:
        store["network_builds"].insert_many(rows)


def test_the_console_shows_streets_under_a_point_its_network_and_what_was_changed(city, screens):
    screen = screens("admin")
    screen.at("rail-places").click()
    screen.at("places-find").fill("东街便民")
    screen.at("place-row").click()
    expect(screen.at("place-name")).to_have_value("东街便民服务中心")
    screen.at("place-position").scroll_into_view_if_needed()
    wait_until_drawn(screen, STREET, 1_000)
    screen.shot("network-point")
    screen.at("place-outline").click()
    wait_until_drawn(screen, OUTLINE, 300)
    screen.shot("outline")
    screen.at("place-outline").click()
    screen.at("override-find").fill("残疾")
    row = screen.at("override-row")
    row.wait_for()
    usual = row.get_by_test_id("override-accept").is_checked()
    row.get_by_test_id("override-accept").click()
    screen.at("override-find").fill("")
    expect(screen.page.get_by_test_id("override-row")).to_have_count(1)
    screen.at("place-phone").fill("029-87410000")
    row.scroll_into_view_if_needed()
    screen.shot("override")
    screen.at("place-save").click()
    expect(screen.page.get_by_text("改了 0 处")).to_be_visible()
    screen.page.get_by_test_id("place-versions").locator("summary").click()
    newest = screen.at("place-version")
    expect(newest).to_contain_text("029-87410000")
    expect(newest).to_contain_text("和同类地点不一样")
    newest.scroll_into_view_if_needed()
    screen.shot("versions")
    changed = log_in_staff(city, "admin").call("GET", "/v1/points/HEL-2")["overrides"]
    assert ("accept" in changed[0]["can"]) is not usual
    screen.at("places-networks").click()
    expect(screen.at("network-row")).to_contain_text("helsinki.osm.pbf")
    screen.shot("network")
    tell_builds(city)
    expect(screen.page.get_by_test_id("network-build")).to_have_count(3)
    expect(screen.at("network-step")).to_contain_text("81 个地点算好 32 个")
    screen.shot("building")
    assert [fault for fault in screen.faults if "403" not in fault] == []
