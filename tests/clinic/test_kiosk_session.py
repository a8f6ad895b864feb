from __future__ import annotations

from datetime import date

import pytest
from django.contrib.sessions.models import Session
from django.http import HttpResponse
from django.test import RequestFactory

from clinic.access import cookie_name
from clinic.kiosk_session import COOKIE, KioskSession

pytestmark = pytest.mark.django_db
NAME = cookie_name(COOKIE)


def opened(cookie: str = "") -> KioskSession:
    request = RequestFactory().get("/kiosk/")
    request.COOKIES = {NAME: cookie} if cookie else {}
    return KioskSession(request)


def saved(session: KioskSession) -> str:
    """The cookie that the browser holds after the answer."""
    response = HttpResponse()
    session.save(response)
    return response.cookies[NAME].value if NAME in response.cookies else "unchanged"


def begun() -> str:
    session = opened()
    session.add({"birth_date": date(1985, 4, 17), "language": "es"})
    return saved(session)


def test_answers_are_kept_on_the_server_and_the_cookie_says_nothing() -> None:
    cookie = begun()
    assert opened(cookie).answers == {"birth_date": "1985-04-17", "language": "es"}
    assert len(cookie) == 32 and Session.objects.filter(pk=cookie).exists()


def test_two_taps_on_the_last_button_read_one_key() -> None:
    cookie = begun()
    assert opened(cookie).key == opened(cookie).key


def test_key_lives_through_more_answers_and_dies_with_the_wipe() -> None:
    cookie = begun()
    key, session = opened(cookie).key, opened(cookie)
    session.add({"phone": ""})
    assert saved(session) == cookie
    assert opened(cookie).key == key
    session.wipe()
    assert saved(session) == ""
    assert not Session.objects.exists()
    assert opened(begun()).key != key


def test_wipe_in_between_wins_over_a_late_answer() -> None:
    cookie = begun()
    late = opened(cookie)
    late.add({"family_name": "Miller"})
    opened(cookie).wipe()
    assert saved(late) == ""
    assert not Session.objects.exists()


def test_cookie_of_the_patients_own_making_is_not_taken() -> None:
    session = opened("a" * 32)
    session.add({"language": "en"})
    assert saved(session) != "a" * 32


def test_page_that_changes_nothing_leaves_the_cookie_alone() -> None:
    session = opened(begun())
    assert session.answers
    assert saved(session) == "unchanged"
