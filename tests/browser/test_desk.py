"""The desk under a clerk's hands: what stays when the board changes, the keys, the undo, the search."""

from __future__ import annotations

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.desk_people import arrive, ask_for_help, card, key_in, open_desk, send_all_home, tab_to
from tests.browser.people import press, wait_for_row
from tests.stack import Stack

LEAVE = """
from clinic.services import Actor, move
from clinic.states import Verb
visit = Visit.objects.select_related("clinic__topic").get(ticket={ticket!r}, state="waiting")
move(visit.clinic, visit.public_id, Verb.LEFT, by=Actor())
"""
# A press is sent and done; the page learns of it once `letGo` is called.
HOLD_ANSWERS = """() => {
  const [own, held] = [fetch, new Promise((go) => (window.letGo = go))];
  window.fetch = async (...asked) => {
    const answer = await own(...asked);
    if (asked[1]?.method === "POST") await held;
    return answer;
  };
}"""
AT_HAND = "({ id: document.activeElement.id, from: document.activeElement.selectionStart, top: scrollY })"


@pytest.fixture(autouse=True)
def nobody(stack: Stack) -> None:
    """Each test has its own patients."""
    send_all_home(stack)


def test_update_leaves_alone_what_a_hand_is_at(stack: Stack, context: BrowserContext) -> None:
    page = open_desk(context, stack)
    page.set_viewport_size({"width": 1366, "height": 500})
    first, second, *_rest = [arrive(stack, minutes=9 - n, family="Miller") for n in range(6)]
    wait_for_row(page, second, "waiting", 2)
    card(page, second).locator("summary").click()
    rooms = page.locator("#room-next")
    chosen = rooms.locator("option").last.get_attribute("value") or ""
    rooms.select_option(chosen)
    card(page, second).locator("select").select_option(chosen)
    page.mouse.wheel(0, 150)
    page.locator("#find").press_sequentially("mill")
    page.keyboard.press("ArrowLeft")
    before = page.evaluate(AT_HAND)
    stack.shell.run(LEAVE.format(ticket=first))
    expect(card(page, first)).not_to_have_attribute("data-state", "waiting")
    latest = arrive(stack, "Late", "Smith")
    expect(card(page, latest)).to_have_attribute("data-state", "waiting")
    assert page.evaluate(AT_HAND) == before and before["from"] == 3
    expect(card(page, latest)).to_be_hidden()
    expect(card(page, second).locator("details")).to_have_attribute("open", "")
    expect(card(page, second).locator("select")).to_have_value(chosen)
    expect(rooms).to_have_value(chosen)
    expect(page.locator("#find")).to_have_value("mill")
    card(page, second).locator("summary").focus()
    arrive(stack)
    expect(page.locator("#waiting .card")).to_have_count(7)
    expect(card(page, second).locator("summary")).to_be_focused()


def test_press_stays_on_the_page_and_hands_the_focus_to_the_same_card(
    stack: Stack, context: BrowserContext
) -> None:
    page, ticket = open_desk(context, stack), arrive(stack, minutes=90)
    page.evaluate("window.notReloaded = true")
    wait_for_row(page, ticket, "waiting", 2)
    press(page, ticket, "call")
    wait_for_row(page, ticket, "called", 2)
    expect(card(page, ticket).locator("[data-verb=room]")).to_be_focused()
    expect(page.get_by_role("status").filter(has_text=f"{ticket}: Call")).to_be_visible()
    press(page, ticket, "no-show")
    wait_for_row(page, ticket, "no_show", 2)
    assert page.evaluate("window.notReloaded")


def test_undo_is_offered_for_ten_seconds_and_on_the_card_for_longer(stack: Stack, context: BrowserContext) -> None:
    page, ticket = open_desk(context, stack), arrive(stack, minutes=99)
    page.clock.install()
    page.reload()
    wait_for_row(page, ticket, "waiting", 2)
    page.locator("[data-verb=call-next]").click()
    undo = page.locator(".said [data-verb=undo]")
    expect(undo).to_be_visible()
    page.clock.fast_forward(8000)
    expect(undo).to_be_visible()
    page.clock.fast_forward(2500)
    expect(undo).to_have_count(0)
    expect(page.locator(".said")).to_contain_text(f"{ticket}: Call")
    press(page, ticket, "undo")
    wait_for_row(page, ticket, "waiting", 2)


def test_every_act_by_keys_alone(stack: Stack, context: BrowserContext) -> None:
    page, ticket = open_desk(context, stack), arrive(stack, "Zoë", "Ørsted", minutes=120)
    wait_for_row(page, ticket, "waiting", 2)
    page.keyboard.press("n")
    expect(page.locator(".said")).to_contain_text(f"{ticket}: Call")
    page.keyboard.press("u")
    wait_for_row(page, ticket, "waiting", 2)
    page.keyboard.press("/")
    page.keyboard.type("orst zoe")
    page.keyboard.press("Enter")
    expect(card(page, ticket).locator("[data-verb=call]")).to_be_focused()
    for verb, state in [
        ("confirm", "waiting"),
        ("call", "called"),
        ("recall", "called"),
        ("return", "waiting"),
        ("step-out", "stepped_out"),
        ("return", "waiting"),
        ("call", "called"),
        ("no-show", "no_show"),
        ("undo", "called"),
        ("room", "roomed"),
        ("discharge", "discharged"),
    ]:
        said = page.locator(".said p").all_inner_texts()
        key_in(page, ticket, verb)
        wait_for_row(page, ticket, state, 2)
        expect(page.locator(".said p")).not_to_have_text(said or ["nothing yet"])
    ask_for_help(stack)
    tab_to(page, page.get_by_role("button", name="I am going"))
    page.keyboard.press("Enter")
    expect(page.locator(".alarm")).to_have_count(0)


def test_keys_rest_while_one_types_with_others_and_when_they_are_off(
    stack: Stack, context: BrowserContext
) -> None:
    page, ticket = open_desk(context, stack), arrive(stack, minutes=150)
    wait_for_row(page, ticket, "waiting", 2)
    page.locator("#find").press_sequentially("nu?/")
    expect(page.locator("#find")).to_have_value("nu?/")
    page.keyboard.press("Escape")
    page.locator("#call-next").focus()
    for chord in ("Control+n", "Alt+n", "Shift+N", "Meta+u"):
        page.keyboard.press(chord)
    page.keyboard.press("?")
    switch = page.get_by_role("switch", name="Keyboard shortcuts")
    expect(switch).to_be_checked()
    page.keyboard.press("n")
    switch.click()
    expect(switch).not_to_be_checked()
    page.keyboard.press("Escape")
    page.reload()
    for key in ("n", "u", "/", "?"):
        page.keyboard.press(key)
    expect(page.locator("dialog")).to_be_hidden()
    expect(page.locator("#find")).not_to_be_focused()
    page.get_by_role("button", name="Keyboard").click()
    switch.click()
    page.get_by_role("button", name="Close").click()
    page.keyboard.press("n")
    wait_for_row(page, ticket, "called", 2)
    assert stack.ask(f"VisitEvent.objects.filter(visit__ticket={ticket!r}, verb='call').count()") == 1


def test_search_is_instant_folds_accents_and_stays_out_of_the_address(
    stack: Stack, context: BrowserContext
) -> None:
    page = open_desk(context, stack)
    found, other = arrive(stack, "Łucja", "Núñez"), arrive(stack, "Bob", "Hill")
    wait_for_row(page, other, "waiting", 2)
    address = page.url
    page.locator("#find").press_sequentially("nunez luc")
    expect(card(page, found)).to_be_visible()
    expect(card(page, other)).to_be_hidden()
    expect(page.locator("[data-found]")).to_contain_text("1 of ")
    page.keyboard.press("Enter")
    page.locator("#find").fill(other.lower())
    expect(card(page, other)).to_be_visible()
    expect(card(page, found)).to_be_hidden()
    page.keyboard.press("Escape")
    expect(card(page, found)).to_be_visible()
    assert page.url == address


def test_press_without_an_answer_says_so_and_may_be_repeated(stack: Stack, context: BrowserContext) -> None:
    page, ticket = open_desk(context, stack), arrive(stack, minutes=170)
    wait_for_row(page, ticket, "waiting", 2)
    context.route("**/desk/visits/**", lambda route: (route.fetch(max_redirects=0), route.abort()))
    press(page, ticket, "step-out")
    expect(page.locator(".said.is-error")).to_contain_text("The server did not answer.", timeout=15_000)
    wait_for_row(page, ticket, "stepped_out", 2)
    context.unroute("**/desk/visits/**")
    press(page, ticket, "return")
    wait_for_row(page, ticket, "waiting", 2)
    expect(page.locator(".said.is-error")).to_have_count(0)


def test_call_next_without_an_answer_calls_nobody_else_when_pressed_again(
    stack: Stack, context: BrowserContext
) -> None:
    page, first, second = open_desk(context, stack), arrive(stack, minutes=180), arrive(stack, minutes=175)
    wait_for_row(page, second, "waiting", 2)
    context.route("**/desk/call-next/**", lambda route: (route.fetch(max_redirects=0), route.abort()))
    page.locator("#call-next").click()
    expect(page.locator(".said.is-error")).to_contain_text("The server did not answer.", timeout=15_000)
    wait_for_row(page, first, "called", 2)
    expect(page.locator("#call-next .ticket")).to_have_text(second)
    context.unroute("**/desk/call-next/**")
    page.locator("#call-next").click()
    expect(page.locator(".said")).to_contain_text(f"{first}: Call")
    wait_for_row(page, second, "waiting", 2)
    page.locator("#call-next").click()
    wait_for_row(page, second, "called", 2)


def level(page: Page, ticket: str) -> str:
    return card(page, ticket).locator("[data-wait]").inner_text().partition("min")[2]


def test_room_chosen_for_the_next_stays_when_a_late_answer_comes(stack: Stack, context: BrowserContext) -> None:
    """The live board has shown what the press did; the clerk is quicker than the press's own answer."""
    tickets, page = [arrive(stack, minutes=9), arrive(stack)], open_desk(context, stack)
    page.evaluate(HOLD_ANSWERS)
    rooms = page.locator("#room-next")
    rooms.select_option(label="Room 1")
    page.locator("#call-next").click()
    wait_for_row(page, tickets[0], "called", 3)
    rooms.select_option(label="Room 3")
    page.evaluate("letGo()")
    expect(page.locator(".said")).to_contain_text(f"{tickets[0]}: Call")
    expect(rooms.locator("option:checked")).to_have_text("Room 3")
    page.locator("#call-next").click()
    expect(card(page, tickets[1])).to_contain_text("Room 3")
    expect(page.locator(".said")).to_contain_text(f"{tickets[1]}: Call")
    expect(rooms.locator("option:checked")).not_to_have_text("Room 3")


def test_wait_grows_long_while_nothing_changes(stack: Stack, context: BrowserContext) -> None:
    page, ticket = open_desk(context, stack), arrive(stack, minutes=29)
    page.clock.install()
    # Whatever the server said would set the page's clock right again.
    page.route_web_socket("**/ws/**", lambda socket: socket.close())
    page.route("**/live/**", lambda route: route.abort())
    page.reload()
    wait_for_row(page, ticket, "waiting", 2)
    assert level(page, ticket) == ""
    page.clock.fast_forward("01:00")
    expect(card(page, ticket).locator("[data-wait=long]")).to_be_visible()
    assert level(page, ticket) == ", getting long"
    page.clock.fast_forward("30:00")
    expect(card(page, ticket).locator("[data-wait=very-long]")).to_be_visible()
    assert level(page, ticket) == ", long wait"
