"""A kiosk's own page behind the documented nginx: its script asks whether the server is there, and is answered."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.browser.people import check_in
from tests.chromium import chromium
from tests.deploy.cluster import Cluster


@pytest.fixture
def kiosk(cluster: Cluster) -> Iterator[Page]:
    """In a browser that does not ask who signed nginx's certificate."""
    name, value = cluster.keys["kiosk"]
    with chromium() as browser:
        context = browser.new_context(ignore_https_errors=True)
        context.add_cookies([{"name": name, "value": value, "url": cluster.url, "secure": True}])
        yield context.new_page()


def test_patient_checks_in_at_a_page_that_looks_for_its_server(cluster: Cluster, kiosk: Page) -> None:
    kiosk.goto(f"{cluster.url}/kiosk/")
    expect(kiosk.locator("[data-server=here]")).to_have_count(1, timeout=10_000)
    ticket = check_in(kiosk, cluster)
    assert cluster.ask(f"Visit.objects.filter(ticket={ticket!r}, state='waiting').count()") == 1


@pytest.mark.parametrize("path", ["/kiosk/offline/", "/monitor/offline/"])
def test_page_that_stands_in_leads_back(cluster: Cluster, kiosk: Page, path: str) -> None:
    kiosk.goto(f"{cluster.url}{path}")
    kiosk.wait_for_url(lambda url: not url.endswith("/offline/"), timeout=15_000)
