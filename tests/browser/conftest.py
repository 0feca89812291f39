"""Debian's Chromium, a served site, a citizen's phone and an officer's screen."""

import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright
from pymongo import MongoClient
from pymongo.database import Database

from tests.serving import Served

CHROMIUM = shutil.which("chromium")
SHOTS = Path(__file__).parents[1] / "shots"
QUIET = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"]
QUIET += ["--disable-background-networking", "--disable-component-update"]
PHONE: dict[str, Any] = {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True}
SCREEN: dict[str, Any] = {"viewport": {"width": 1280, "height": 800}}
PATIENCE_MS = 60_000
"""For what never comes; a busy machine must not reach it."""
expect.set_options(timeout=PATIENCE_MS)
SHARING = {
    "test_guide_pages",
    "test_paper_pages",
    "test_form_pages",
    "test_citizen_self",
    "test_deed_pages",
    "test_draft_pages",
    "test_old_phones",
    "test_unsent_words",
    "test_template_pages",
}
"""Modules that leave alone what another of them looks at: catalogue, places, staff and the citizens of others."""
HERE = {"longitude": 108.9588, "latitude": 34.2686}


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """The browser. In CI it must be there; elsewhere its absence is said, not hidden."""
    if CHROMIUM is None:
        if os.environ.get("CI"):
            pytest.fail("chromium is not installed")
        pytest.skip("chromium is not installed: apt-get install chromium fonts-noto-cjk")
    with sync_playwright() as playwright:
        playwright.selectors.set_test_id_attribute("data-test")
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def shared_site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The program, served once a run for the modules of SHARING."""
    served = Served(tmp_path_factory.mktemp("shared-site")).start()
    yield served
    served.stop()


@pytest.fixture(scope="module")
def site(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The program, served: one for each module, but for those of SHARING."""
    if request.node.path.stem in SHARING:
        yield request.getfixturevalue("shared_site")
        return
    served = Served(tmp_path_factory.mktemp("site")).start()
    yield served
    served.stop()


@contextmanager
def open_store(site: Served) -> Iterator[Database[dict[str, Any]]]:
    """The served site's own store, for what no page shows."""
    uri = json.loads((site.folder / "var" / "store.json").read_text())["uri"]
    with MongoClient[dict[str, Any]](uri) as client:
        yield client["circle"]


class Watched:
    """A page that notes what went wrong in it."""

    def __init__(self, context: BrowserContext, base: str, name: str) -> None:
        self.page: Page = context.new_page()
        self.base, self.name, self.faults = base, name, list[str]()
        self._shots = 0
        self.page.set_default_timeout(PATIENCE_MS)
        self.page.on("pageerror", lambda error: self.faults.append(f"page error: {error}"))
        self.page.on("console", self._said)

    def go(self, path: str) -> None:
        """Open a path of the site."""
        self.page.goto(self.base + path)

    def at(self, name: str) -> Any:
        """The first element of this data-test name."""
        return self.page.get_by_test_id(name).first

    def shot(self, name: str) -> None:
        """A picture for whoever wants to look."""
        SHOTS.mkdir(exist_ok=True)
        self._shots += 1
        self.page.screenshot(path=SHOTS / f"{self.name}-{self._shots:02d}-{name}.png")

    def _said(self, message: Any) -> None:
        if message.type in {"error", "warning"} and "401" not in message.text:
            self.faults.append(f"{message.type}: {message.text}")


@pytest.fixture
def phone(chromium: Browser, site: Served) -> Iterator[Watched]:
    """A citizen's phone, standing near the hall."""
    context = chromium.new_context(locale="zh-CN", geolocation=HERE, permissions=["geolocation"], **PHONE)
    yield Watched(context, site.base, "phone")
    context.close()


@pytest.fixture
def screens(chromium: Browser, site: Served) -> Iterator[Any]:
    """Officers' screens, by role, each logged in."""
    contexts = []

    def log_in(role: str) -> Watched:
        context = chromium.new_context(locale="zh-CN", **SCREEN)
        contexts.append(context)
        screen = Watched(context, site.base, role)
        screen.go("/staff")
        screen.at("staff-username").fill(role)
        screen.at("staff-password").fill(site.staff_passwords()[role])
        screen.at("staff-login").click()
        screen.at("officer-roles").wait_for()
        return screen

    yield log_in
    for context in contexts:
        context.close()
