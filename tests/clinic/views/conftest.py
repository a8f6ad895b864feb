from __future__ import annotations

import pytest
from django.test import Client

from clinic.models import Clinic, Room
from tests.clinic.views.desk_pages import logged_in
from tests.factories import make_clinic, make_user


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
def room(clinic: Clinic) -> Room:
    return clinic.rooms.all()[0]
