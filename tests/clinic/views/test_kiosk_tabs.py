"""Two tabs, or two taps, that leave a kiosk's answers as no page alone would."""

from __future__ import annotations

import pytest
from django.http import HttpResponse
from django.test import Client, RequestFactory

from clinic.kiosk_session import KioskSession
from clinic.models import Visit
from tests.clinic.views.kiosk_pages import LAST, answer, finish

pytestmark = pytest.mark.django_db


def session_of(kiosk: Client) -> KioskSession:
    request = RequestFactory().get("/kiosk/")
    request.COOKIES = {name: morsel.value for name, morsel in kiosk.cookies.items()}
    return KioskSession(request)


def test_person_who_is_listed_twice_all_the_same_breaks_no_page_and_is_one_visit(kiosk: Client) -> None:
    answer(kiosk)
    session = session_of(kiosk)
    said = session.answers
    session.ask_another()
    session.add(said)
    session.save(HttpResponse())
    assert kiosk.post("/kiosk/reason/?change=1", {"reason": "skin"})["Location"] == LAST
    finish(kiosk)
    assert Visit.objects.count() == 1
