"""What a wait-room screen does while nothing reaches it, and how it begins afresh: never onto an error page."""

from __future__ import annotations

from itertools import pairwise

from playwright.sync_api import BrowserContext, expect

from tests.browser.studio import Screen, Studio, open_screen

SHOWN = 10
# Of static/js/screen.js, in seconds: a new build, and the night's 3:30 with ten minutes to both sides.
OUTDATED_BY, HALF_PAST_THREE, EITHER_WAY = 60, 18.5 * 3600, 600


def loads(screen: Screen) -> int:
    """How often the page was loaded."""
    return screen.studio.seen["/monitor/"]


def lose_all(screen: Screen) -> None:
    screen.studio.up = False
    screen.studio.cut_sockets()


def test_age_is_always_said_and_old_calls_are_hidden(screen: Screen) -> None:
    studio, page, tv = screen.studio, screen.page, screen.page.locator("[data-topic]")
    studio.call("B27")
    screen.shows(studio.version)
    screen.pass_time(SHOWN)
    lose_all(screen)
    screen.pass_time(4)
    expect(tv).not_to_have_attribute("data-live", "stale")
    screen.pass_time(3)
    expect(tv).to_have_attribute("data-live", "stale")
    assert page.get_by_text("Reconnecting").is_visible() and tv.get_attribute("data-old") == ""
    screen.pass_time(45)
    expect(tv).to_have_attribute("data-old", "banner")
    assert page.locator(".tv-banner").is_visible() and page.locator("[data-ticket=B27]").is_visible()
    age = int(page.locator("[data-age-seconds]").inner_text())
    assert age == 62
    screen.pass_time(240)
    expect(tv).to_have_attribute("data-old", "hide")
    assert page.locator(".tv-hidden").is_visible() and not page.locator("[data-ticket=B27]").is_visible()
    studio.up = studio.socket_up = True
    screen.keep_up(15)
    expect(tv).to_have_attribute("data-old", "")
    assert page.locator("[data-ticket=B27]").is_visible() and screen.announced == ""


def test_new_build_is_loaded_between_two_calls(screen: Screen) -> None:
    studio = screen.studio
    screen.keep_up(OUTDATED_BY + 5)
    studio.build = "b2"
    studio.call("B27")
    studio.call("B28")
    screen.settle()
    with screen.page.expect_navigation():
        for _second in range(OUTDATED_BY):
            if loads(screen) == 1:
                screen.keep_up(1, 1)
    expect(screen.page.locator("html")).to_have_attribute("data-build", "b2")
    assert screen.page.locator("[data-ticket=B28]").count() == 1


def test_new_build_waits_for_the_call_that_is_shown(screen: Screen) -> None:
    studio = screen.studio
    screen.keep_up(OUTDATED_BY + 5)
    studio.call("B27")
    screen.shows(studio.version)
    studio.build = "b2"
    studio.changed()
    screen.shows(studio.version)
    screen.keep_up(SHOWN - 0.5, 0.5)
    assert (screen.announced, loads(screen)) == ("B27", 1)
    with screen.page.expect_navigation():
        for _second in range(20):
            if loads(screen) == 1:
                screen.keep_up(1, 1)
    assert screen.announced == ""


def test_new_build_is_loaded_in_a_gap_between_calls_that_never_pause(screen: Screen) -> None:
    studio = screen.studio
    screen.keep_up(OUTDATED_BY + 5)
    studio.build = "b2"
    called = [f"C{number}" for number in range(10, 18)]
    for ticket in called:
        studio.call(ticket)
        screen.shows(studio.version)
        screen.keep_up(SHOWN - 2, 2)
    assert loads(screen) == 2
    screen.keep_up(3 * SHOWN, 2)
    assert screen.watched() == [(ticket, SHOWN) for ticket in called]


def test_page_that_grows_without_end_is_loaded_afresh(screen: Screen) -> None:
    heap = "Object.defineProperty(performance, 'memory', { value: { usedJSHeapSize: %d }, configurable: true })"
    for used, times in ((50e6, 1), (149e6, 1), (151e6, 2)):
        screen.page.evaluate(heap % used)
        screen.keep_up(60 + 15)
        assert loads(screen) == times


def test_page_of_the_night_comes_when_the_server_is_well_and_not_before(screen: Screen) -> None:
    studio = screen.studio
    # The clock leaps: what a day is made of, the soak lives through.
    leap = HALF_PAST_THREE - EITHER_WAY - 60
    studio.now += round(leap * 1000)
    screen.page.clock.fast_forward(round(leap * 1000))
    screen.keep_up(30)
    assert loads(screen) == 1
    lose_all(screen)
    screen.pass_time(2 * EITHER_WAY + 120)
    assert loads(screen) == 1 and screen.page.locator("[data-topic]").count() == 1
    studio.up = studio.socket_up = True
    with screen.page.expect_navigation():
        for _step in range(60):
            if loads(screen) == 1:
                screen.keep_up(3)
    assert loads(screen) == 2


def test_layout_moves_a_little_and_never_under_a_call(screen: Screen) -> None:
    places = []
    for minute in range(9):
        screen.keep_up(60)
        place = screen.page.eval_on_selector(".tv", "one => one.style.translate")
        x, y = [float(part.removesuffix("px")) for part in f"{place} 0px".split()[:2]]
        places.append((x, y))
        assert max(abs(x), abs(y)) <= 8, minute
    steps = [max(abs(a - c), abs(b - d)) for (a, b), (c, d) in pairwise(places)]
    assert all(2 <= step <= 8 for step in steps)
    for number in range(7):
        screen.studio.call(f"B{number}")
        screen.shows(screen.studio.version)
    screen.keep_up(60)
    still = screen.page.eval_on_selector(".tv", "one => one.style.translate")
    assert screen.announced
    x, y = places[-1]
    assert still in (f"{x:g}px {y:g}px", f"{x:g}px")


def test_screen_is_kept_awake_also_after_it_was_out_of_sight(context: BrowserContext, studio: Studio) -> None:
    context.add_init_script(
        "window.locks = []; Object.defineProperty(navigator, 'wakeLock', "
        "{ value: { request: async (kind) => locks.push(kind) } });"
    )
    page = open_screen(context, studio).page
    assert page.evaluate("locks") == ["screen"]
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    assert page.evaluate("locks") == ["screen", "screen"]
