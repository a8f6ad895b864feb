"""Two hundred slow jobs of low priority wait; a notice and a delivery still start at once."""

from __future__ import annotations

import time

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


def test_low_jobs_delay_neither_notices_nor_deliveries(stack: Stack, context: BrowserContext) -> None:
    low = Queue("low", connection=stack.redis(), serializer=JSONSerializer)
    for _job in range(200):
        low.enqueue("time.sleep", 0.5, result_ttl=1)
    page = context.new_page()
    sent = len([one for one in stack.seen()["requests"] if one["method"] == "POST"])
    taken = len(stack.received())
    check_in(page, stack)
    began = time.monotonic()
    until(lambda: len([o for o in stack.seen()["requests"] if o["method"] == "POST"]) > sent, AT_ONCE)
    until(lambda: len(stack.received()) > taken, AT_ONCE)
    assert time.monotonic() - began < 2 * AT_ONCE
    assert low.count > 150
    low.empty()
