"""From the language to the ticket: by finger on the kiosk's own keys alone, and by a hardware keyboard alone."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.conf import settings
from playwright.sync_api import BrowserContext, Locator, Page, expect

from tests.browser.kiosk_walk import OFFER_ALL, OFFER_THE_USUAL, use_tool
from tests.names import another_name
from tests.stack import Stack

CODES = [code for code, _name in settings.LANGUAGES]
NAMES = {"en": "O'Brien-Smith", "es": "Núñez Peña", "ar": "أحمد"}
TABLET = {"width": 1180, "height": 820}


@pytest.fixture(scope="module", autouse=True)
def all_languages(stack: Stack) -> Iterator[None]:
    stack.shell.run(OFFER_ALL)
    yield
    stack.shell.run(OFFER_THE_USUAL)


@pytest.fixture
def touch(context: BrowserContext) -> Iterator[Page]:
    """A page under a finger, on a tablet. The double tap's guard is not what is tried here."""
    fingers = context.browser.new_context(has_touch=True, viewport=TABLET)  # type: ignore[union-attr]
    fingers.set_default_timeout(10_000)
    fingers.add_init_script("performance.now = () => 10_000 + Date.now() - performance.timeOrigin")
    yield fingers.new_page()
    fingers.close()


def type_by_keys(page: Page, text: str) -> None:
    """Presses the keys of these letters, by the layer that holds each; capitals come by themselves."""
    for letter in text:
        if letter == " ":
            tap(page, "space")
            continue
        if not key_of(page, letter).count():
            page.locator(".keypad .is-layer").first.tap()
        key_of(page, letter).tap()


def key_of(page: Page, letter: str) -> Locator:
    return page.locator(f'.keypad .key:text-is("{letter}"), .keypad .key:text-is("{letter.lower()}")').first


def press_on(page: Page) -> None:
    with page.expect_navigation():
        page.locator("[data-primary]").tap()


def value(page: Page, name: str) -> str:
    return page.locator(f"[name={name}]").input_value()


@pytest.mark.parametrize("code", CODES)
def test_ticket_by_finger_alone(touch: Page, stack: Stack, code: str) -> None:
    page = touch
    page.goto(f"{stack.url}/kiosk/")
    pages = 1
    page.locator(f".tile:has([value={code}])").tap()
    for answer in (None, "name", "birth", "phone", None, None):
        press_on(page)
        pages += 1
        if answer == "name":
            page.locator("[name=family_name]").tap()
            type_by_keys(page, NAMES[code])
            assert value(page, "family_name") == NAMES[code]
        elif answer == "birth":
            page.locator(".tile").nth(3).tap()
            type_by_keys(page, "17")
            page.locator(".is-next").tap()
            type_by_keys(page, "1985")
            assert (value(page, "birth_day"), value(page, "birth_year")) == ("17", "1985")
        elif answer == "phone":
            type_by_keys(page, "2025550143")
    press_on(page)
    expect(page.locator("[data-ticket]")).to_be_visible()
    assert pages == 7


@pytest.mark.parametrize("code", CODES)
def test_ticket_by_keyboard_alone(context: BrowserContext, stack: Stack, code: str) -> None:
    page = context.new_page()
    page.goto(f"{stack.url}/kiosk/")
    tab_to(page, "[name=language]")
    while page.evaluate("document.activeElement.value") != code:
        page.keyboard.press("ArrowDown")
    press_enter_on(page, "[data-primary]")
    press_enter_on(page, "[data-primary]")
    expect(page.locator("[name=given_name]")).to_be_focused()
    page.keyboard.type(another_name())
    page.keyboard.press("Tab")
    page.keyboard.type("Miller")
    send(page)
    tab_to(page, "[name=birth_month]")
    page.keyboard.press("ArrowRight")
    for digits in ("17", "1985"):
        page.keyboard.press("Tab")
        page.keyboard.type(digits)
    send(page)
    expect(page.locator("[name=phone]")).to_be_focused()
    send(page)
    tab_to(page, "[name=reason]")
    page.keyboard.press("ArrowUp")
    press_enter_on(page, "[data-primary]")
    press_enter_on(page, "[data-primary]")
    expect(page.locator("[data-ticket]")).to_be_visible()


def tab_to(page: Page, selector: str) -> None:
    """By the Tab key, in the page's own order. What has the focus is in sight."""
    for _press in range(40):
        page.keyboard.press("Tab")
        if page.evaluate("one => document.activeElement.matches(one)", selector):
            expect(page.locator("*:focus")).to_be_in_viewport()
            return
    raise AssertionError(f"the Tab key never came to {selector}")


def send(page: Page) -> None:
    with page.expect_navigation():
        page.keyboard.press("Enter")


def press_enter_on(page: Page, selector: str) -> None:
    tab_to(page, selector)
    send(page)


# --- What the keys do --------------------------------------------------------------------------------------------


@pytest.fixture
def name_page(touch: Page, stack: Stack) -> Page:
    touch.goto(f"{stack.url}/kiosk/")
    press_on(touch)
    press_on(touch)
    return touch


def tap(page: Page, *names: str) -> None:
    for name in names:
        page.locator(f".keypad .is-{name}").tap()


def test_keys_write_at_the_caret_erase_and_go_on(name_page: Page) -> None:
    page = name_page
    expect(page.locator("[name=given_name]")).to_be_focused()
    type_by_keys(page, "Ane")
    page.keyboard.press("ArrowLeft")
    type_by_keys(page, "n")
    assert value(page, "given_name") == "Anne"
    page.keyboard.press("Control+a")
    type_by_keys(page, "Jose")
    tap(page, "erase")
    type_by_keys(page, "é")
    assert value(page, "given_name") == "José"
    tap(page, "next")
    expect(page.locator("[name=family_name]")).to_be_focused()
    tap(page, "next")
    expect(page.locator("[name=given_name]")).to_be_focused()


def test_capitals_come_by_themselves_and_by_hand(name_page: Page) -> None:
    page = name_page
    for key in "a", "b":
        page.locator(".is-letter").filter(has_text=key).first.tap()
    tap(page, "space")
    page.locator(".is-letter", has_text="C").tap()
    tap(page, "shift")
    page.locator(".is-letter", has_text="D").tap()
    page.locator(".is-letter", has_text="e").tap()
    assert value(page, "given_name") == "Ab CDe"


def test_typed_text_goes_with_a_tool_and_a_full_field_takes_no_more(name_page: Page) -> None:
    page = name_page
    page.locator("[name=family_name]").fill("x" * 100)
    type_by_keys(page, "a")
    assert value(page, "family_name") == "x" * 100
    page.locator("[name=family_name]").fill("Peña")
    use_tool(page, "size:130")
    assert value(page, "family_name") == "Peña" and page.locator("[data-size='130']").count() == 1


def test_held_key_types_once_and_arrows_walk_over_the_keys(name_page: Page) -> None:
    page = name_page
    tab_to(page, ".key")
    page.keyboard.press("ArrowRight")
    page.keyboard.down("Enter")
    for _repeat in range(5):
        page.keyboard.down("Enter")
    page.keyboard.up("Enter")
    assert value(page, "family_name") == "W", "the field that had the focus last"
    page.keyboard.press("ArrowDown")
    assert page.evaluate("document.activeElement.textContent") in ("a", "s")
    page.keyboard.press("Tab")
    expect(page.locator("[data-primary]")).to_be_focused()


def test_keys_say_what_they_type_and_where_and_no_system_keyboard_comes(name_page: Page) -> None:
    page = name_page
    expect(page.locator(".keypad")).to_have_attribute("aria-label", "Keys for: First name")
    assert page.locator("[name=given_name]").get_attribute("inputmode") == "none"
    expect(page.locator(".field.is-typed [name=given_name]")).to_have_count(1)
    for name in ("Erase", "Space", "Hyphen", "Apostrophe", "Next field"):
        expect(page.get_by_role("button", name=name)).to_have_count(1)


def test_problem_gives_its_place_to_the_keys_once_it_is_being_mended(name_page: Page) -> None:
    page = name_page
    press_on(page)
    expect(page.locator("[data-problem]")).to_be_focused()
    assert page.title().startswith("Error:")
    expect(page.locator(".is-wrong [name=family_name]")).to_be_in_viewport()
    page.locator(".problems a").first.tap()
    expect(page.locator("[name=family_name]")).to_be_focused()
    type_by_keys(page, "Li")
    press_on(page)
    expect(page).to_have_url(f"{page.url.split('/kiosk/')[0]}/kiosk/birth/")
