"""One running Evenkeel for all that knocks at its doors."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.access.browsers import Browser
from tests.stack import Stack, running


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with running(tmp_path_factory.mktemp("access"), is_empty=True) as stack:
        yield stack


@pytest.fixture(scope="session")
def everybody(stack: Stack) -> Iterator[Browser]:
    """One that is kiosk, screen and the superuser at once: it gets as far as anybody."""
    with Browser(stack) as browser:
        browser.http.follow_redirects = False
        browser.open("/kiosk/")
        browser.send("/demo/log-in/admin/", "/")
        browser.open("/monitor/")
        yield browser
