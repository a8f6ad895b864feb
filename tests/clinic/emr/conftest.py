from __future__ import annotations

from collections.abc import Iterator

import pytest

from clinic.emr import Beside, listening
from tests.clinic.emr.peers import FhirClient, Hook
from tests.factories import SECRET


@pytest.fixture(scope="session")
def running() -> Iterator[Beside]:
    with listening(SECRET) as emr:
        yield emr


@pytest.fixture
def records(running: Beside) -> Iterator[Beside]:
    """A healthy record system that has got nothing yet."""
    running.reset()
    yield running
    running.fault("ok")


@pytest.fixture
def hook(records: Beside) -> Hook:
    return Hook(records)


@pytest.fixture
def fhir(records: Beside) -> FhirClient:
    return FhirClient(records)
