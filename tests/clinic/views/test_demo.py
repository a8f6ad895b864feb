from __future__ import annotations

import re
from typing import Any

import httpx
import pytest
from django.test import Client
from django.urls import include, path

from clinic import demo, urls
from clinic.emr import listening
from clinic.views.demo import FAULTS
from realtime.models import Switch
from tests.factories import SECRET, make_clinic, make_user

# The welcome page has an address in demo mode only.
urlpatterns = [path("", include((urls.demo_urls, "demo"))), *urls.urlpatterns]
pytestmark = [pytest.mark.django_db, pytest.mark.urls(__name__)]


@pytest.fixture
def vendor(monkeypatch: pytest.MonkeyPatch, settings: Any) -> dict[str, str]:
    """The stand-in's control address: remembers the fault that was asked for."""
    settings.DEMO_CONTROL = settings.DEMO_EMR_CONTROL = "http://127.0.0.1:1"
    state = {"mode": "ok"}
    request = httpx.Request("GET", settings.DEMO_CONTROL)
    monkeypatch.setattr(httpx, "get", lambda *_args, **_more: httpx.Response(200, json=state, request=request))
    monkeypatch.setattr(httpx, "post", lambda *_args, json, **_more: state.update(json))
    return state


def page(client: Client) -> str:
    return str(client.get("/").content.decode())


def test_welcome_shows_the_three_screens_and_the_log_ins(client: Client, vendor: dict[str, str]) -> None:
    shown = page(client)
    assert re.findall(r'<iframe src="([^"]+)"', shown) == ["/kiosk/", "/monitor/", "/desk/"]
    assert demo.PASSWORD in shown and all(f"<code>{name}</code>" in shown for name in demo.USERS.values())
    assert re.findall(r"<script(?![^>]*\bsrc=)|<style|\sstyle=", shown) == []


def test_welcome_has_a_button_for_each_fault_and_marks_the_one_in_force(
    client: Client, vendor: dict[str, str]
) -> None:
    client.post("/demo/fault/", {"mode": "drip"})
    pressed = dict(re.findall(r'data-mode="(\w+)" aria-pressed="(\w+)"', page(client)))
    assert vendor == {"mode": "drip"}
    assert pressed == {mode: str(mode == "drip").lower() for mode in FAULTS}


def test_unknown_fault_is_not_found(client: Client, vendor: dict[str, str]) -> None:
    assert client.post("/demo/fault/", {"mode": "nonsense"}).status_code == 404


def test_record_systems_break_at_an_address_of_their_own(client: Client, settings: Any) -> None:
    with listening(SECRET) as emr:
        settings.DEMO_CONTROL, settings.DEMO_EMR_CONTROL = "http://127.0.0.1:1", emr.control_url
        client.post("/demo/records/", {"records": "silent"})
        pressed = dict(re.findall(r'data-records="(\w+)" aria-pressed="(\w+)"', page(client)))
        assert pressed == {"ok": "false", "silent": "true", "error": "false", "reject": "false"}
        assert client.post("/demo/records/", {"records": "nonsense"}).status_code == 404


@pytest.mark.parametrize(("address", "said"), [("fault", {"mode": "drip"}), ("records", {"records": "error"})])
def test_stand_in_that_is_away_is_said(client: Client, settings: Any, address: str, said: dict[str, str]) -> None:
    settings.DEMO_CONTROL = settings.DEMO_EMR_CONTROL = "http://127.0.0.1:1"
    assert "does not answer" in client.post(f"/demo/{address}/", said, follow=True).content.decode()


def test_switch_button_stops_and_starts(client: Client, vendor: dict[str, str]) -> None:
    for action, is_off, other in (("stop", True, "start"), ("start", False, "stop")):
        client.post("/demo/switch/", {"action": action})
        assert Switch.objects.get().is_off() is is_off
        assert f'value="{other}" data-verb="{other}"' in page(client)


def test_log_in_button_opens_the_desk(client: Client) -> None:
    make_user(demo.USERS["desk"], make_clinic())
    response = client.post("/demo/log-in/desk/", follow=True)
    assert response.redirect_chain == [("/desk/", 302)] and response.status_code == 200


def test_log_in_of_nobody_is_not_found(client: Client) -> None:
    assert client.post("/demo/log-in/desk/").status_code == 404
    assert client.post("/demo/log-in/stranger/").status_code == 404
