"""The database dies under a running Evenkeel: the ops page says so, from memory, and follows when it is back."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest
from playwright.sync_api import BrowserContext, expect

from tests.browser.ops_troubles import WITHIN, all_is_good, read
from tests.browser.people import log_in
from tests.own_postgres import own_postgres
from tests.stack import Stack, running
from tests.waiting import until


@pytest.fixture
def server() -> Iterator[Any]:
    with own_postgres() as server:
        yield server


@pytest.fixture
def on_postgres(tmp_path: Path, server: Any) -> Iterator[Stack]:
    with running(tmp_path / "home", database_url=server.get_uri()) as stack:
        yield stack


def kill(server: Any) -> None:
    """At once, with all connections: none of its processes is left to stand in the next one's way."""
    postmaster = psutil.Process(server.get_pid())
    doomed = [postmaster, *postmaster.children(recursive=True)]
    os.kill(postmaster.pid, signal.SIGQUIT)
    until(lambda: all(map(_is_gone, doomed)), 20)


def _is_gone(process: psutil.Process) -> bool:
    try:
        return process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


@contextmanager
def frozen(server: Any) -> Iterator[None]:
    """All its processes stop where they are. The kernel still takes what is sent to them, and says so."""
    postmaster = psutil.Process(server.get_pid())
    stopped = [postmaster, *postmaster.children(recursive=True)]
    for one in stopped:
        one.suspend()
    try:
        yield
    finally:
        for one in stopped:
            one.resume()


def test_database_that_hangs_is_said_and_holds_neither_page_nor_figures(
    server: Any, on_postgres: Stack, context: BrowserContext
) -> None:
    page = log_in(context, on_postgres, "ops", "/ops/")
    all_is_good(page)
    page.evaluate("window.sameDocument = true")
    with frozen(server):
        took = read(page, "The database does not answer since", time.monotonic())
        assert took < WITHIN, took
        expect(page.locator("[data-old]")).to_be_hidden()
        # More than there are threads for pages.
        began = time.monotonic()
        with ThreadPoolExecutor(20) as crowd:
            answers = list(crowd.map(httpx.get, [f"{on_postgres.url}/ops/board/"] * 20))
        assert {one.status_code for one in answers} == {503} and time.monotonic() - began < WITHIN
        scraped = httpx.get(f"{on_postgres.url}/metrics", timeout=5)
        assert scraped.status_code == 200 and "evenkeel_database_answers 0.0" in scraped.text
        assert "evenkeel_redis_answers 1.0" in scraped.text and "evenkeel_processes" in scraped.text
        late = httpx.get(f"{on_postgres.url}/ops/", timeout=5)
        assert late.status_code == 503 and "The database does not answer since" in late.text
        assert "default-src 'self'" in late.headers["Content-Security-Policy"]
    page.bring_to_front()
    all_is_good(page)
    assert page.evaluate("window.sameDocument")


def test_database_that_dies_is_said_from_memory(server: Any, on_postgres: Stack, context: BrowserContext) -> None:
    page = log_in(context, on_postgres, "ops", "/ops/")
    all_is_good(page)
    page.evaluate("window.sameDocument = true")
    kill(server)
    assert read(page, "The database does not answer since", time.monotonic()) < WITHIN
    expect(page.locator(".truths .effect")).to_contain_text("take names on paper")
    expect(page.locator("[data-runbook]")).to_have_text("docs/ops/database.md")
    late = context.new_page()
    answer = late.goto(f"{on_postgres.url}/ops/")
    assert answer is not None and answer.status == 503
    expect(late.locator("[data-sentence]")).to_contain_text("The database does not answer since")
    assert httpx.get(f"{on_postgres.url}/healthz", timeout=5).json() == {"alive": True}
    server.ensure_postgres_running()
    for one in (page, late):
        one.bring_to_front()
        all_is_good(one)
    assert page.evaluate("window.sameDocument")
