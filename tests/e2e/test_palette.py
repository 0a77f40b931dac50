"""What is reached by keys alone, and what is said where there is no network."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page, Route, expect

from tests.looks import Look, Pictures, look_at
from tests.platform import PASSWORD, Person, Platform
from tests.target import Target

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(180)]

CLOSED_PORT = 9
KEPT_WITHIN_MS = 20_000
AMARA = "amara@nordlys.example"
OFFLINE_FILES = ["/favicon-unknown.svg", "/offline.html", "/offline.js", "/pages.css", "/theme.js"]

LIST_KEPT = """async () => {
  const paths = []
  for (const name of await caches.keys())
    for (const request of await (await caches.open(name)).keys())
      paths.push(new URL(request.url).pathname)
  return paths.sort()
}"""

# Notes what each change of the page moves, and for how long.
WATCH_MOVES = """() => {
  window.moves = []
  const start = document.startViewTransition.bind(document)
  document.startViewTransition = (...given) => {
    const change = start(...given)
    const isOfChange = ({effect}) => effect?.pseudoElement?.startsWith("::view-transition")
    const note = () => window.moves.push(
      document.getAnimations().filter(isOfChange).map(({effect}) =>
        `${effect.pseudoElement} ${effect.getComputedTiming().duration}`))
    change.ready.then(note, () => window.moves.push(["skipped"]))
    return change
  }
}"""


@dataclass(frozen=True)
class World:
    """Two workspaces of Sofia; Amara observes in the first one."""

    sofia: Person
    amara: Person

    @property
    def address(self) -> str:
        return f"{self.sofia.platform.address}/workspaces/{self.sofia.workspace_id}"


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    target = Target().start()
    settings = {
        "ALLGREEN_ALLOW_TARGETS": f"127.0.0.1:{target.port},127.0.0.1:{CLOSED_PORT}",
        "ALLGREEN_MIN_INTERVAL_S": "1",
        "ALLGREEN_BACKOFF_SCALE": "0.05",
    }
    platform = Platform(tmp_path_factory.mktemp("palette") / "data", settings).start()
    sofia = Person(platform).set_up(workspace="Nordlys Commerce")
    sofia.watch("Payments webhook", f"http://127.0.0.1:{CLOSED_PORT}/", every_s=2)
    for name in ("Checkout API", "Storefront", "Invoice worker"):
        sofia.watch(name, target.url, every_s=3600)
    fjord = sofia.post("/workspaces", name="Fjord Labs")
    elsewhere = Person(platform, workspace_id=fjord["id"])
    elsewhere.http = sofia.http
    elsewhere.watch("Tide gauge", target.url, every_s=3600)
    yield World(sofia, observe(sofia))
    platform.stop()
    target.stop()


def observe(owner: Person) -> Person:
    """Let somebody in who may look, and no more."""
    sent = owner.post(f"/workspaces/{owner.workspace_id}/invitations", email=AMARA, role="observer")
    guest = Person(owner.platform, email=AMARA)
    token = sent["link"].rpartition("/")[2]
    guest.post("/accounts", name="Amara Okafor", email=AMARA, password=PASSWORD, invitation=token)
    guest.post("/session", email=AMARA, password=PASSWORD, keep=False)
    guest.workspace_id = owner.workspace_id
    return guest


@pytest.fixture
def look(screens: Pictures) -> Look:
    pictures = screens.inside("palette")
    return lambda page, name: look_at(page, pictures, name)


def enter(page: Page, person: Person, screen: str = "") -> Page:
    page.context.add_cookies(person.browser_cookies())
    page.goto(f"{person.platform.address}/workspaces/{person.workspace_id}{screen}")
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    return page


def open_palette(page: Page) -> Locator:
    page.keyboard.press("ControlOrMeta+k")
    palette = page.get_by_role("dialog", name="Search and commands")
    expect(palette.get_by_role("combobox")).to_be_focused()
    return palette


def test_services_pages_and_commands_are_found_by_keys_alone(
    page: Page, world: World, look: Look
) -> None:
    enter(page, world.sofia)
    down = page.get_by_role("article", name="Payments webhook").get_by_role("img", name="Down")
    expect(down.first).to_be_visible(timeout=KEPT_WITHIN_MS)

    palette = open_palette(page)
    expect(palette.get_by_role("option").first).to_have_text(re.compile("Payments webhook *down"))
    look(page, "palette")

    page.keyboard.type("chapi")
    option = palette.get_by_role("option", name="Checkout API")
    expect(option.first).to_have_attribute("aria-selected", "true")
    expect(option.first.locator("mark")).to_have_text(["Ch", "API"])
    look(page, "palette-found")
    page.keyboard.press("Enter")
    expect(palette).to_have_count(0)
    expect(page.get_by_role("button", name="Details for Checkout API")).to_be_focused()
    expect(page.get_by_role("heading", name="Correct means")).to_be_visible()

    # What is open is offered first of all that can be done.
    open_palette(page)
    page.keyboard.type("pause")
    expect(palette.get_by_role("option").first).to_have_text("Pause Checkout API")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Checkout API is paused")).to_be_visible()
    expect(page.get_by_role("button", name="Details for Checkout API")).to_be_focused()
    open_palette(page)
    page.keyboard.type("resume chec")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Checkout API is watched again")).to_be_visible()

    open_palette(page)
    page.keyboard.type("tide")
    expect(palette.get_by_role("group", name="Services of Fjord Labs")).to_be_visible()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Fjord Labs", level=1)).to_be_visible()
    expect(page.get_by_role("button", name="Details for Tide gauge")).to_be_focused()

    open_palette(page)
    page.keyboard.type("qqqq")
    expect(palette.get_by_text("Nothing here is called “qqqq”.")).to_be_visible()
    look(page, "palette-nothing")
    page.keyboard.press("Escape")
    expect(palette).to_have_count(0)
    expect(page.get_by_role("button", name="Details for Tide gauge")).to_be_focused()


def test_everything_is_checked_at_once_and_a_second_time_is_too_early(
    page: Page, world: World
) -> None:
    enter(page, world.sofia)
    palette = open_palette(page)
    page.keyboard.type("check every")
    page.keyboard.press("Enter")
    expect(page.get_by_text(re.compile(r"Checking 4\sservices now"))).to_be_visible()

    open_palette(page)
    page.keyboard.type("check every")
    page.keyboard.press("Enter")
    expect(page.get_by_text("4 were checked a moment ago")).to_be_visible()
    expect(palette).to_have_count(0)


def test_what_a_role_may_not_do_is_not_offered(page: Page, world: World) -> None:
    enter(page, world.amara)
    palette = open_palette(page)
    expect(palette.get_by_role("option", name="Switch light and dark")).to_be_visible()
    for command in ("New service", "Invite someone", "Check everything now"):
        expect(palette.get_by_role("option", name=command)).to_have_count(0)
    page.keyboard.type("storefront")
    expect(palette.get_by_role("option")).to_have_text([re.compile("^Storefront")])
    page.keyboard.press("Escape")
    expect(palette).to_have_count(0)

    page.keyboard.press("n")
    page.keyboard.press("g")
    page.keyboard.press("m")
    expect(page.get_by_role("heading", name="Members", level=1)).to_be_visible()


def test_single_letters_and_the_switch_for_them(page: Page, world: World, look: Look) -> None:
    enter(page, world.sofia)
    page.keyboard.press("/")
    filter_ = page.get_by_role("searchbox", name="Filter services")
    expect(filter_).to_be_focused()
    page.keyboard.type("ni?")
    expect(filter_).to_have_value("ni?")
    filter_.fill("")
    filter_.blur()

    page.keyboard.press("i")
    expect(page.get_by_label("Invite by email")).to_be_focused()
    page.keyboard.type("n")
    expect(page.get_by_label("Invite by email")).to_have_value("n")
    page.get_by_label("Invite by email").blur()

    page.keyboard.press("g")
    page.keyboard.press("s")
    expect(page.get_by_role("heading", name="Nordlys Commerce", level=1)).to_be_visible()
    page.keyboard.press("n")
    expect(page.get_by_role("heading", name="Watch a service")).to_be_visible()

    page.keyboard.press("?")
    sheet = page.get_by_role("dialog", name="Keyboard shortcuts")
    expect(sheet.get_by_text("All workspaces")).to_be_visible()
    look(page, "keys")
    sheet.get_by_role("switch", name="Single-letter shortcuts").uncheck()
    page.keyboard.press("Escape")
    expect(sheet).to_have_count(0)
    page.keyboard.press("?")
    page.keyboard.press("ControlOrMeta+k")
    palette = page.get_by_role("dialog", name="Search and commands")
    expect(palette).to_be_visible()
    expect(sheet).to_have_count(0)
    page.keyboard.press("Escape")

    page.goto(f"{world.sofia.platform.address}/settings#keys")
    switch = page.get_by_role("switch", name="Single-letter shortcuts")
    expect(switch).not_to_be_checked()
    switch.check()
    switch.blur()
    page.keyboard.press("g")
    page.keyboard.press("d")
    expect(page.get_by_role("heading", name="Workspaces")).to_be_visible()


def test_the_palette_by_touch(chromium: Browser, world: World) -> None:
    context = chromium.new_context(
        viewport={"width": 390, "height": 800}, has_touch=True, locale="en-US", timezone_id="UTC"
    )
    page = enter(context.new_page(), world.sofia)
    page.get_by_role("button", name="Search and commands").tap()
    palette = page.get_by_role("dialog", name="Search and commands")
    expect(palette.get_by_role("combobox")).to_be_focused()
    page.keyboard.type("members")
    palette.get_by_role("option", name="Members").tap()
    expect(page.get_by_role("heading", name="Members", level=1)).to_be_visible()

    page.get_by_role("button", name="Search and commands").tap()
    palette.get_by_role("button", name="Close: esc").tap()
    expect(palette).to_have_count(0)
    context.close()


def test_the_tab_tells_the_state_on_every_page(page: Page, world: World) -> None:
    icon = page.locator('link[rel="icon"]')
    enter(page, world.sofia, "/members")
    expect(page).to_have_title(re.compile("^1 down · Members · Nordlys"), timeout=KEPT_WITHIN_MS)
    expect(icon).to_have_attribute("href", "/favicon-down.svg")

    page.get_by_role("link", name="Workspace settings").first.click()
    expect(page).to_have_title(re.compile("^1 down · .*settings.* · Allgreen"))
    page.get_by_role("link", name="All workspaces").first.click()
    expect(page).to_have_title("1 down · Workspaces · Allgreen")
    expect(icon).to_have_attribute("href", "/favicon-down.svg")


def test_what_moves_and_that_it_can_be_stilled(page: Page, world: World) -> None:
    page.emulate_media(color_scheme="light", reduced_motion="no-preference")
    enter(page, world.sofia)
    page.evaluate(WATCH_MOVES)

    def moves_of(change: str) -> list[str]:
        page.wait_for_function("() => window.moves.length === 1")
        moved: list[str] = page.evaluate("window.moves.splice(0)")[0]
        assert moved != ["skipped"], change
        return moved

    details = page.get_by_role("button", name="Details for Storefront")
    details.click()
    opened = moves_of("a row opens")
    assert any(move.startswith("::view-transition-group(pipes-") for move in opened), opened
    page.get_by_role("button", name="Switch light and dark").click()
    assert "::view-transition-new(root) 260" in moves_of("another theme")
    page.get_by_role("link", name="Members").first.click()
    assert "::view-transition-new(root) 260" in moves_of("another page")

    page.emulate_media(reduced_motion="reduce")
    page.get_by_role("link", name="Services").first.click()
    assert moves_of("another page, without motion") == []
    page.get_by_role("button", name="Switch light and dark").click()
    assert moves_of("another theme, without motion") == []


def test_without_a_network_nothing_old_is_told_as_now(
    page: Page, browser_context: BrowserContext, world: World, look: Look
) -> None:
    enter(page, world.sofia)
    page.evaluate("navigator.serviceWorker.ready.then(() => null)")
    page.wait_for_function("() => navigator.serviceWorker.controller !== null")
    assert page.evaluate(LIST_KEPT) == OFFLINE_FILES

    browser_context.set_offline(True)
    expect(page.get_by_text("You are offline. Live updates paused")).to_be_visible()
    expect(page).to_have_title("No news · Nordlys Commerce · Allgreen")
    expect(page.locator('link[rel="icon"]')).to_have_attribute("href", re.compile("^data:"))

    page.reload()
    expect(page.get_by_role("heading", name="You are offline")).to_be_visible()
    expect(page.get_by_text("cannot tell whether your services hold")).to_be_visible()
    expect(page.get_by_text("Payments webhook")).to_have_count(0)
    page.get_by_role("button", name="Try again").click()
    expect(page.get_by_text(re.compile("Asked at .*: no answer"))).to_be_visible()
    look(page, "offline")

    browser_context.set_offline(False)
    expect(page.get_by_role("heading", name="Nordlys Commerce", level=1)).to_be_visible()
    assert page.evaluate(LIST_KEPT) == OFFLINE_FILES


def test_nothing_stays_in_the_browser_of_who_logs_out(page: Page, world: World) -> None:
    guest = Person(world.sofia.platform, email=AMARA)
    guest.post("/session", email=AMARA, password=PASSWORD, keep=False)
    guest.workspace_id = world.amara.workspace_id
    enter(page, guest)
    page.evaluate("navigator.serviceWorker.ready.then(() => null)")

    open_palette(page)
    page.keyboard.type("log out")
    page.keyboard.press("Enter")

    expect(page.get_by_role("heading", name="Welcome back")).to_be_visible()
    assert page.evaluate(LIST_KEPT) == []
    registered = "navigator.serviceWorker.getRegistrations().then((all) => all.length)"
    assert page.evaluate(registered) == 0


def test_the_installed_app(page: Page, world: World) -> None:
    page.goto(f"{world.sofia.platform.address}/login")
    manifest = page.evaluate(
        """async () => {
          const link = document.querySelector('link[rel="manifest"]')
          const answer = await fetch(link.href)
          const {icons, ...rest} = await answer.json()
          const sizes = []
          for (const {src, sizes: wanted} of icons) {
            const image = new Image()
            image.src = src
            await image.decode()
            sizes.push([wanted, `${image.naturalWidth}x${image.naturalHeight}`])
          }
          return {type: answer.headers.get("content-type"), cache: answer.headers.get("cache-control"),
                  start: rest.start_url, sizes}
        }"""
    )
    assert manifest["type"] == "application/manifest+json"
    assert manifest["cache"] == "no-cache"
    assert manifest["start"] == "/"
    for wanted, real in manifest["sizes"]:
        assert wanted in ("any", real)


def test_an_address_that_leads_nowhere(page: Page, world: World, look: Look) -> None:
    enter(page, world.sofia)
    page.goto(f"{world.sofia.platform.address}/workspaces/{'0' * 8}/members")
    expect(page.get_by_role("heading", name="Nothing at this address")).to_be_visible()
    look(page, "not-found")


def test_a_page_that_cannot_be_loaded(page: Page, world: World, look: Look) -> None:
    page.context.add_cookies(world.sofia.browser_cookies())
    is_broken = [True]

    def answer(route: Route) -> None:
        if not is_broken[0]:
            return route.continue_()
        problem = {"code": "fault", "title": "Fault", "detail": "The database does not answer."}
        return route.fulfill(status=500, json={"type": "about:blank", "status": 500, **problem})

    page.route("**/api/v1/me", answer)
    page.goto(world.address)
    expect(page.get_by_role("heading", name="This page could not be loaded")).to_be_visible()
    expect(page.get_by_text("The database does not answer.")).to_be_visible()
    look(page, "not-loaded")

    is_broken[0] = False
    page.get_by_role("button", name="Try again").click()
    expect(page.get_by_role("heading", name="Nordlys Commerce", level=1)).to_be_visible()
