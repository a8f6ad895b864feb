from __future__ import annotations

from pathlib import Path

import pytest
from django.test import Client

from clinic import catalogs
from clinic.models import Clinic, Destination, Room
from tests.clinic.views.desk_pages import logged_in
from tests.clinic.views.kiosk_pages import paired_client
from tests.factories import make_clinic, make_destination, make_user


@pytest.fixture
def clinic() -> Clinic:
    return make_clinic()


@pytest.fixture
def ana(clinic: Clinic) -> Client:
    return logged_in(make_user("ana", clinic))


@pytest.fixture
def ben(clinic: Clinic) -> Client:
    return logged_in(make_user("ben", clinic))


@pytest.fixture
def olu(clinic: Clinic) -> Client:
    return logged_in(make_user("olu", clinic, "ops"))


@pytest.fixture
def emr(clinic: Clinic) -> Destination:
    return make_destination(clinic, name="Record system")


@pytest.fixture
def room(clinic: Clinic) -> Room:
    return clinic.rooms.all()[0]


@pytest.fixture
def kiosk(clinic: Clinic) -> Client:
    return paired_client(clinic)


@pytest.fixture
def spanish(all_languages: None) -> Path:
    """The source of the Spanish, which is spoken."""
    return next(source for source in catalogs.sources() if catalogs.code_of(source) == "es")
