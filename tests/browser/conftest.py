"""A real Chromium in front of a real Evenkeel. One stack for all; each test leaves it healthy."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext

from clinic.running import valkey
from tests import canaries
from tests.browser.studio import Screen, Studio, open_screen, open_studio
from tests.chromium import chromium
from tests.stack import Stack, running
from tests.waiting import until

# What Chromium writes to the console when a request, a stream or a socket fails.
NETWORK = ["Failed to load resource", "net::ERR_", "EventSource", "WebSocket connection to"]

SEND_ALL_HOME = """
from clinic.models import Visit
from clinic.services import Actor, move
from clinic.states import State, Verb
for visit in Visit.objects.filter(state__in=[State.WAITING, State.CALLED]).select_related("clinic__topic"):
    move(visit.clinic, visit.public_id, Verb.LEFT, by=Actor())
"""


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    """A fresh browser profile. Anything that the pages log as an error fails the test, and each address that a
    patient's data is in.
    """
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    context.set_default_timeout(10_000)
    errors: list[str] = []
    context.on("weberror", lambda error: errors.append(str(error.error)))
    context.on("console", lambda said: errors.append(said.text) if said.type == "error" else None)
    asked: list[str] = []
    context.on("request", lambda request: asked.append(f"{request.url} {request.headers.get('referer', '')}"))
    yield context
    context.close()
    assert canaries.found("\n".join(asked)) == []
    assert [error for error in errors if not _on_purpose(error)] == []


def _on_purpose(error: str) -> bool:
    """Whether a page says no more than that the network fails, which tests break."""
    return "Content Security Policy" not in error and any(part in error for part in NETWORK)


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """As `manage.py demo` starts it, on the database of this run."""
    with running(tmp_path_factory.mktemp("stack"), database_url=os.environ.get("TEST_DATABASE_URL", "")) as stack:
        yield stack


@pytest.fixture
def studio() -> Iterator[Studio]:
    with open_studio() as studio:
        yield studio


@pytest.fixture
def screen(context: BrowserContext, studio: Studio) -> Screen:
    """The wait-room screen of the studio, with a clock that only the test moves."""
    return open_screen(context, studio)


@pytest.fixture(scope="module")
def empty_clinic(stack: Stack) -> None:
    """Nobody on site: a full wait-room screen shows only the first of them."""
    stack.shell.run(SEND_ALL_HOME)


@pytest.fixture(autouse=True)
def mended(request: pytest.FixtureRequest) -> Iterator[None]:
    """After each test the vendor is well again, and Valkey is there."""
    yield
    if "stack" in request.fixturenames:
        stack: Stack = request.getfixturevalue("stack")
        stack.fault("ok")
        until(lambda: valkey.answers(valkey.url(stack.home)))
