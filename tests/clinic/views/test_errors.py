"""The pages that say no, by our own ASGI application."""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO
from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth.models import Group, User
from django.contrib.contenttypes.models import ContentType
from django.contrib.sessions.backends.base import UpdateError
from django.contrib.sessions.backends.db import SessionStore
from django.db import DatabaseError
from django.test import Client
from django.utils.http import urlencode

from clinic import kiosk_session
from clinic.access import cookie_name
from clinic.handler import Handler
from clinic.models import Clinic
from tests.clinic.views.desk_pages import logged_in
from tests.clinic.views.kiosk_pages import answer
from tests.factories import make_user

pytestmark = pytest.mark.django_db
FORM = "application/x-www-form-urlencoded"


@pytest.fixture
def strict(kiosk: Client, spanish: object) -> Iterator[Client]:
    """A kiosk where somebody chose Spanish; its forms need their token, and errors are answered, not raised."""
    answer(kiosk, "/kiosk/arrival/", language="es")
    kiosk.handler.enforce_csrf_checks, kiosk.raise_request_exception = True, False
    yield kiosk


def test_refusals_at_the_kiosk_are_in_the_patients_language(strict: Client) -> None:
    refused: dict[int, Any] = {
        400: strict.get("/kiosk/name/", headers={"host": "evil.example"}),
        403: strict.post("/kiosk/name/", {"given_name": "Bob"}),
        404: strict.get("/kiosk/no such page/"),
        405: strict.options("/kiosk/name/"),
    }
    for status, page in refused.items():
        text = page.content.decode()
        assert page.status_code == status
        assert '<html lang="es"' in text and "Ir a la primera página" in text and 'href="/kiosk/"' in text


def test_refused_method_has_a_page_and_says_what_is_allowed(client: Client, db: None) -> None:
    page = client.post("/healthz")
    assert (page.status_code, page["Allow"]) == (405, "GET")
    assert "This page cannot do that" in page.content.decode()


def test_language_that_cannot_be_read_is_our_own(strict: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_words: object) -> None:
        raise DatabaseError("away")

    monkeypatch.setattr(kiosk_session.SessionStore, "load", fail)
    page = strict.get("/kiosk/no such page/")
    assert page.status_code == 404 and '<html lang="en"' in page.content.decode()


@pytest.mark.parametrize(
    "kind", [f"{FORM}; charset=utf-16", "multipart/form-data; boundary=", "multipart/form-data"]
)
def test_form_that_cannot_be_read_is_a_bad_request(client: Client, clinic: Clinic, kind: str) -> None:
    browser = Client(enforce_csrf_checks=True, raise_request_exception=False)
    browser.cookies[settings.CSRF_COOKIE_NAME] = "a" * 32
    page = browser.generic("POST", "/login/", urlencode({"username": "ana"}), content_type=kind)
    assert page.status_code == 400 and "could not be read" in page.content.decode()


def begun(query: bytes, kind: bytes = b"text/plain") -> tuple[Any, Any]:
    scope = {"type": "http", "method": "GET", "path": "/kiosk/", "headers": [(b"content-type", kind)]}
    return Handler().create_request({**scope, "query_string": query}, BytesIO())


def test_query_that_is_not_ascii_is_read_as_well_as_it_can_be() -> None:
    request, refusal = begun(b"change=1&at=n\xc3\xa4me&q=\xff")
    assert refusal is None
    assert request.GET.dict() == {"change": "1", "at": "näme", "q": "\ufffd"}


def test_character_set_that_python_cannot_look_up_is_a_bad_request() -> None:
    request, refusal = begun(b"", b"text/plain; charset*=utf-8''%00")
    assert request is None and refusal.status_code == 400


def test_query_with_too_many_fields_beside_a_character_set_is_a_bad_request() -> None:
    request, refusal = begun(b"a&" * 2000, b"text/plain; charset=latin-1")
    assert request is None and refusal.status_code == 400


@pytest.mark.parametrize(
    "address",
    [
        "/kiosk/a%00b/",
        "/desk/?clinic=%00",
        "/login/?next=a%00",
        "/pair/%00/",
        "/admin/clinic/visit/?q=" + "a+" * 1000,
    ],
)
def test_address_with_a_nul_or_a_thousand_words_is_a_bad_request(client: Client, address: str) -> None:
    assert client.get(address).status_code == 400


@pytest.mark.parametrize("name", [settings.SESSION_COOKIE_NAME, "kiosk", "kiosk-answers"])
def test_cookie_with_a_nul_is_no_cookie(kiosk: Client, name: str) -> None:
    """A cookie's value may write one as \\000."""
    whole = name if name == settings.SESSION_COOKIE_NAME else cookie_name(name)
    kiosk.cookies[whole] = "a" * 32 + "\0"
    assert kiosk.get("/kiosk/").status_code == (302 if name == "kiosk" else 200)
    assert kiosk.get("/desk/").status_code == 302


def test_number_of_a_row_that_no_database_has_breaks_nothing(db: None) -> None:
    root = logged_in(User.objects.create_superuser("root"))
    reply = root.post("/admin/auth/group/add/", {"name": "Night", "permissions": ["9" * 40]})
    assert reply.status_code in (200, 400) and not Group.objects.exists()


@pytest.mark.parametrize("object_id", ["6", "x"])
def test_way_from_an_object_to_its_page_leads_nowhere(db: None, object_id: str) -> None:
    root = logged_in(User.objects.create_superuser("root"))
    for kind in ContentType.objects.all():
        assert root.get(f"/admin/r/{kind.pk}/{object_id}/").status_code == 404


def test_session_that_cannot_be_written_is_no_fault_of_who_asked(
    client: Client, clinic: Clinic, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As when the database goes away after the page was made."""

    def fail(*_words: Any, **_more: Any) -> None:
        raise UpdateError

    client.force_login(make_user("ana", clinic))
    monkeypatch.setattr(SessionStore, "save", fail)
    page = client.get(f"/desk/?clinic={clinic.slug}")
    assert page.status_code == 503
