"""What the tests of bad input share."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.input.engine import Run, running


@pytest.fixture(scope="module")
def run(django_db_setup: None, django_db_blocker: Any, valkey_url: str) -> Iterator[Run]:
    """One world for the tests of a file: to build it costs as much as a thousand requests."""
    with django_db_blocker.unblock(), running(valkey_url) as run:
        yield run
