"""Log-in, and the pages that say what went wrong."""

from __future__ import annotations

import pytest
from django.template.loader import render_to_string
from django.test import Client

from clinic.models import Clinic
from tests.clinic.views.kiosk_pages import Marks
from tests.factories import make_user

pytestmark = pytest.mark.django_db


def test_log_in_goes_on_to_where_one_wanted(clinic: Clinic) -> None:
    make_user("ana", clinic)
    client = Client()
    page = Marks(client.get("/login/?next=/desk/check-in/").content.decode())
    assert page.having("value", "/desk/check-in/") and page.having("type", "submit")
    said = {"username": "ana", "password": "pw-of-ana", "next": "/desk/check-in/"}
    assert client.post("/login/", said)["Location"] == "/desk/check-in/"


def test_log_in_with_a_wrong_password_says_so_and_keeps_the_name() -> None:
    page = Client().post("/login/", {"username": "ana", "password": "no"}).content.decode()
    assert "<title>Error:" in page and "do not match" in page and Marks(page).having("value", "ana")


def test_missing_page_is_friendly_and_leaves_a_kiosk_by_itself() -> None:
    reply = Client().get("/kiosk/no/such/page/")
    assert reply.status_code == 404 and "There is no such page" in reply.content.decode()
    assert "bundles/plain.js" in reply.content.decode()


def test_form_without_its_token_is_told_to_load_again(clinic: Clinic) -> None:
    reply = Client(enforce_csrf_checks=True).post("/login/", {"username": "ana"})
    assert reply.status_code == 403 and "Nothing was saved." in reply.content.decode()


@pytest.mark.parametrize("status", ["400", "403", "404", "500"])
def test_error_page_needs_nothing_from_the_request(status: str) -> None:
    page = render_to_string(f"{status}.html")
    assert '<html lang="en" dir="ltr"' in page and "Go to the first page" in page


def test_failing_view_gets_the_page_that_blames_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_args: object) -> None:
        raise RuntimeError("a secret")

    monkeypatch.setattr("clinic.views.pairing.pairings.offer", fail)
    reply = Client(raise_request_exception=False).get("/pair/kiosk/")
    assert reply.status_code == 500 and "It is not your fault" in reply.content.decode()
    assert "secret" not in reply.content.decode()
