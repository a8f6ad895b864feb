"""A web process is killed with a press of the desk in its hands: the page sends it again, and it is done once."""

from __future__ import annotations

import shutil
import signal
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import psycopg
import pytest
from playwright.sync_api import Page, expect, sync_playwright

from tests.browser.desk_people import ARRIVE
from tests.chromium import FLAGS
from tests.deploy.cluster import Cluster
from tests.names import another_name
from tests.waiting import until

LAST = 'Visit.objects.latest("pk").ticket'
EVENTS = "VisitEvent.objects.filter(visit__ticket={!r}, verb={!r}).count()"
LOCK = (
    "SELECT 1 FROM realtime_topic WHERE id = (SELECT topic_id FROM clinic_clinic WHERE slug = 'harbor') FOR UPDATE"
)
WAITS = (
    "SELECT application_name FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND application_name ~ '^web'"
)


@pytest.fixture
def desk(cluster: Cluster) -> Iterator[Page]:
    """A clerk's page with a clock that a test may stop, in a browser that does not ask who signed nginx's
    certificate.
    """
    path = shutil.which("chromium")
    assert path, "this test needs chromium on the PATH"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        page = browser.new_context(ignore_https_errors=True).new_page()
        page.clock.install()
        page.goto(f"{cluster.url}/login/?next=/desk/")
        for name, value in zip(("username", "password"), cluster.keys["desk"], strict=True):
            page.fill(f"[name={name}]", value)
        page.locator("[type=submit]").first.click()
        page.wait_for_url(f"{cluster.url}/desk/")
        yield page
        browser.close()


@contextmanager
def killed(cluster: Cluster, name: str) -> Iterator[None]:
    """As long as the block runs, whatever happens in it: other tests find this process alive."""
    try:
        cluster.end(name, signal.SIGKILL)
        yield
    finally:
        cluster.start(name)


@contextmanager
def nobody_writes(cluster: Cluster) -> Iterator[psycopg.Connection]:
    """Whoever changes the clinic waits, as long as the block runs."""
    with psycopg.connect(cluster.database_url) as holder:
        holder.execute(LOCK)
        yield holder


def who_waits(cluster: Cluster) -> str:
    """The web process that has the press: it waits in the database."""
    with psycopg.connect(cluster.database_url, autocommit=True) as look:
        ((name,),) = until(lambda: look.execute(WAITS).fetchall(), 4)
    return str(name)


def test_press_in_the_hands_of_a_process_that_is_killed_is_done_once_by_the_other(
    cluster: Cluster, desk: Page
) -> None:
    said = {"given": another_name(), "family": "Miller", "minutes": 0, "language": "en"}
    cluster.shell.run(ARRIVE.format(**said, born="date(1985, 4, 17)"))
    ticket = cluster.ask(LAST)
    card = desk.locator(f".card[data-ticket='{ticket}']")
    answers: list[int] = []
    desk.on("response", lambda one: answers.append(one.status) if "/desk/visits/" in one.url else None)
    expect(card).to_be_visible(timeout=10_000)
    with ExitStack() as block:
        # A machine that is slow to kill takes nothing of the page's patience.
        desk.clock.pause_at(desk.evaluate("Date.now() + 1000"))
        with nobody_writes(cluster):
            card.locator("[data-verb=call]").click()
            block.enter_context(killed(cluster, who_waits(cluster)))
            # Nothing takes it away: the next answer waits for this block's end.
            expect(card.locator(".near")).to_contain_text("is sent again by itself", timeout=10_000)
        desk.clock.resume()
        expect(desk.locator(".said p").first).to_contain_text(f"{ticket}: Call", timeout=20_000)
        expect(desk.locator(".said.is-error")).to_have_count(0)
        assert answers[0] == 502 and answers[-1] == 302
        assert cluster.ask(EVENTS.format(ticket, "call")) == 1
