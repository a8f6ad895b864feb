from __future__ import annotations

import pytest

from clinic.emr import Beside
from tests.clinic.emr.peers import FhirClient, Hook


@pytest.fixture
def hook(records: Beside) -> Hook:
    return Hook(records)


@pytest.fixture
def fhir(records: Beside) -> FhirClient:
    return FhirClient(records)
