"""A call fills the wait-room screen for its ten seconds, one after another, and then stays listed."""

from __future__ import annotations

import pytest
from playwright.sync_api import BrowserContext, expect

from clinic.presenters import MonitorRow
from tests.browser.studio import Screen, Studio, open_screen

# Of static/js/calls.js, in seconds.
SHOWN, FRESH = 10, 60


def call(screen: Screen, ticket: str, room: str = "Room 2", **more: str) -> None:
    """Called, and the screen has heard of it."""
    screen.studio.call(ticket, room, **more)
    screen.shows(screen.studio.version)


def send_in(screen: Screen, ticket: str) -> None:
    screen.studio.room(ticket)
    screen.shows(screen.studio.version)


def test_call_fills_the_screen_and_then_rises_into_the_list(screen: Screen) -> None:
    call(screen, "B27", "Room 3")
    panel, row = screen.page.locator("[data-call]"), screen.page.locator("[data-ticket=B27]")
    assert screen.announced == "B27"
    screen.page.evaluate("document.getAnimations().forEach((one) => one.finish())")
    assert panel.bounding_box() == {"x": 0, "y": 0, "width": 1280, "height": 900}
    assert panel.locator("[data-call-room]").inner_text() == "Room 3"
    screen.pass_time(SHOWN - 0.1)
    assert screen.announced == "B27"
    screen.pass_time(0.1)
    assert screen.announced == ""
    expect(row).to_have_class("is-new")
    screen.keep_up(300)
    assert row.is_visible() and screen.announced == ""
    send_in(screen, "B27")
    assert row.count() == 0


def test_each_call_gets_its_time_and_what_is_withdrawn_none(screen: Screen) -> None:
    for ticket in ("B27", "C10", "C11", "C12"):
        call(screen, ticket)
    assert screen.announced == "B27"
    send_in(screen, "C10")
    screen.pass_time(SHOWN)
    assert screen.announced == "C11"
    screen.pass_time(SHOWN / 2)
    send_in(screen, "C11")
    assert screen.announced == "C12"
    screen.pass_time(SHOWN - 0.1)
    assert screen.announced == "C12"
    screen.pass_time(0.1)
    assert screen.announced == ""


def test_one_who_is_called_again_is_announced_again_and_an_undo_is_no_call(screen: Screen) -> None:
    call(screen, "B27")
    first = screen.studio.called
    screen.pass_time(SHOWN)
    call(screen, "B27")
    assert screen.announced == "B27"
    screen.pass_time(SHOWN)
    screen.studio.called = first
    screen.studio.changed()
    screen.shows(screen.studio.version)
    assert screen.announced == ""


def test_what_was_called_before_the_page_came_is_announced_only_while_it_is_news(
    context: BrowserContext, studio: Studio
) -> None:
    studio.call("A10")
    studio.now += (FRESH + 1) * 1000
    studio.call("A11")
    screen = open_screen(context, studio)
    assert screen.announced == "A11" and screen.page.locator("[data-ticket=A10]").count() == 1
    screen.pass_time(1)
    call(screen, "A12")
    # A12 waits for its turn when the page goes.
    screen.page.reload()
    assert screen.announced == "A12"
    screen.pass_time(SHOWN)
    screen.page.reload()
    assert screen.announced == ""


def test_party_is_announced_in_its_order_also_over_a_reload(screen: Screen) -> None:
    studio = screen.studio
    party = [MonitorRow(ticket, "called", "", "Room 2", 1, studio.now, "en") for ticket in ("B27", "B28", "B29")]
    studio.called = party
    studio.changed()
    screen.shows(studio.version)
    screen.pass_time(SHOWN)
    assert screen.announced == "B28"
    screen.page.reload()
    assert screen.announced == "B29"
    assert [ticket for ticket, _seconds in screen.watched()] == ["B27", "B28", "B29"]


def test_call_of_long_ago_that_this_screen_has_not_shown_is_listed_and_not_announced(screen: Screen) -> None:
    studio = screen.studio
    studio.called = [MonitorRow("A10", "called", "", "Room 2", 1, studio.now - 301_000, "en")]
    studio.changed()
    screen.shows(studio.version)
    assert screen.announced == "" and screen.page.locator("[data-ticket=A10]").is_visible()


@pytest.mark.usefixtures("all_languages")
def test_words_come_in_the_patients_language_and_in_the_clinics(screen: Screen) -> None:
    call(screen, "B27", language="es")
    words, own = (screen.page.locator(f"[data-call-{name}]") for name in ("words", "own"))
    assert (words.inner_text(), words.get_attribute("lang")) == ("Por favor, vaya a Room 2", "es")
    assert own.inner_text() == "Please go to Room 2"
    screen.pass_time(SHOWN)
    call(screen, "B28")
    assert words.inner_text() == "Please go to Room 2" and not own.is_visible()


@pytest.mark.parametrize(("motion", "moves"), [("reduce", False), ("no-preference", True)])
def test_nothing_moves_where_that_is_asked_for(screen: Screen, motion: str, moves: bool) -> None:
    screen.page.emulate_media(reduced_motion=motion)  # type: ignore[arg-type]
    call(screen, "B27")
    names = ["[data-call]"]
    screen.pass_time(SHOWN)
    names.append(".is-new")
    ways = [screen.page.eval_on_selector(name, "one => getComputedStyle(one).animationName") for name in names]
    assert ways == (["rise", "rise"] if moves else ["none", "none"])
    assert ("translate" in screen.page.eval_on_selector(".tv", "one => getComputedStyle(one).transition")) is moves
