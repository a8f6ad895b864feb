"""Two hundred slow jobs of low priority wait; a notice and a delivery still start at once."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import BrowserContext
from rq import Queue
from rq.serializers import JSONSerializer

from tests.browser.people import check_in
from tests.stack import Stack
from tests.waiting import until

pytestmark = pytest.mark.usefixtures("empty_clinic")

# The reserved workers take it at once; the bound leaves room for a noisy machine, not for one low job in between.
AT_ONCE = 1.0


@pytest.fixture
def busy(stack: Stack) -> Iterator[None]:
    """Slow jobs wait, and one runs."""
    low = Queue("low", connection=stack.redis(), serializer=JSONSerializer)
    try:
        for _job in range(200):
            low.enqueue("time.sleep", 0.5, result_ttl=1)
        until(lambda: low.started_job_registry.count)
        yield
    finally:
        low.empty()


@pytest.mark.usefixtures("busy")
def test_low_jobs_delay_neither_notices_nor_deliveries(stack: Stack, context: BrowserContext) -> None:
    page = context.new_page()
    sent, taken = _posts(stack), len(stack.received())
    check_in(page, stack)
    until(lambda: _posts(stack) > sent, AT_ONCE)
    until(lambda: len(stack.received()) > taken, AT_ONCE)


def _posts(stack: Stack) -> int:
    return len([one for one in stack.seen()["requests"] if one["method"] == "POST"])
