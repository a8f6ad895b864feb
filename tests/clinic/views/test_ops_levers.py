"""The lever beside each sentence of the ops page, when the switch is the main one, and how an off ends."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from clinic.models import Clinic, Delivery
from clinic.services import Actor, destinations
from realtime import heartbeats, switch
from realtime.breaker import Breaker
from tests.clinic.conftest import Clock
from tests.clinic.engine_states import silent
from tests.clinic.views.ops_pages import with_vendor
from tests.clinic.work import unserved
from tests.factories import make_clinic, make_destination, make_visit
from tests.realtime.breaker_rig import calls, lapse

pytestmark = pytest.mark.django_db


@pytest.fixture
def olu(settings: Any) -> Client:
    return with_vendor(settings)


def board(client: Client) -> str:
    return str(client.get("/ops/board/").content.decode())


def main_acts(client: Client) -> list[str]:
    """What the full buttons of its live part say, but for those in the dialog."""
    shown = re.sub(r"<dialog.*?</dialog>", "", board(client), flags=re.DOTALL)
    return re.findall(r'class="button is-main"[^>]*>([^<]*)<', shown)


def lever(client: Client) -> str:
    """Beside the first sentence."""
    found = re.search(r"<p[^>]*data-lever>(.*?)</p>", board(client), flags=re.DOTALL)
    return found[1] if found else ""


def test_switch_is_the_main_act_only_while_the_vendor_is_the_trouble(olu: Client, live_redis: Any) -> None:
    assert (main_acts(olu), lever(olu)) == ([], "")
    calls(Breaker(live_redis), lapse(live_redis), "xxxxx")
    assert main_acts(olu) == ["Turn the vendor off"] and "turn it off below" in lever(olu)
    switch.flip("off", by="ada", reason="drill")
    assert main_acts(olu) == ["Turn the vendor on"] and "Turn it on again below" in lever(olu)
    silent(make_clinic())
    make_visit(Clinic.objects.get(slug="harbor"))
    assert main_acts(olu) == [], "it is another clinic's"
    assert "Ask its manager" in lever(olu) and "href" not in lever(olu)
    assert 'data-opens="stop"' not in board(olu) and 'data-verb="start"' in board(olu)


def test_lever_of_a_redis_that_is_away_is_no_button(olu: Client) -> None:
    assert main_acts(olu) == [] and "Restart Redis, on its machine" in lever(olu)
    assert 'data-opens="stop"' in board(olu)
    assert "<code data-runbook>docs/ops/redis.md</code>" in board(olu)


@pytest.mark.parametrize(
    ("fields", "query", "act"),
    [
        ({}, "?try=1", "Try it now"),
        ({}, "?state=dead", "See why"),
        ({"is_paused": True}, "", "Open its page"),
    ],
)
def test_lever_of_a_destination_is_on_its_page(
    olu: Client, live_redis: Any, fields: dict[str, Any], query: str, act: str
) -> None:
    depot = Clinic.objects.get(slug="depot")
    emr = silent(depot, name="EMR North", **fields)
    make_visit(depot)
    if query == "?state=dead":
        Delivery.objects.update(state="dead")
    assert main_acts(olu) == [act] and f'href="/ops/engine/{emr.pk}/{query}"' in lever(olu)
    found = olu.get("/ops/status.json").json()["truths"][0]
    assert found["address"] == f"/ops/engine/{emr.pk}/{query}" and found["lever"] in lever(olu)


def test_destination_that_somebody_paused_needs_no_main_act(olu: Client, live_redis: Any) -> None:
    depot = Clinic.objects.get(slug="depot")
    destinations.pause(make_destination(depot), by=Actor(), reason="their upgrade")
    make_visit(depot)
    assert main_acts(olu) == [] and ">Open its page<" in lever(olu) and "Resume it when" in lever(olu)


def test_lever_of_work_that_nobody_does_leads_to_the_processes(olu: Client, live_redis: Any) -> None:
    unserved(live_redis, "integrations", 60)
    heartbeats.tell("web", [])
    assert "data-sentence>No worker serves integrations since " in board(olu)
    assert main_acts(olu) == [] and 'href="/ops/#processes">See the processes<' in lever(olu)
    assert ' id="processes"' in board(olu) and ' id="devices"' in board(olu) and ' id="jobs"' in board(olu)


# --- An "off" that ends ------------------------------------------------------------------------------------------


def test_end_of_an_off_is_foretold_in_its_last_five_minutes(clock: Clock, olu: Client, live_redis: Any) -> None:
    switch.flip("off", by="ada", reason="drill", length=timedelta(minutes=30))
    clock.add(minutes=24, seconds=59)
    assert "data-soon" not in board(olu) and 'data-opens="hold"' in board(olu)
    clock.add(seconds=1)
    said = f"At {clock.at + timedelta(minutes=5):%H:%M} UTC the vendor is asked again, by itself."
    assert said in board(olu) and "If it is still ill, the breaker keeps it away." in board(olu)
    assert olu.post("/ops/vendor/", {"action": "hold", "reason": "still red", "length": "1h"}).status_code == 302
    row = switch.read()
    assert row and row.is_off() and row.expires_at == clock.at + timedelta(hours=1)
    assert "data-soon" not in board(olu) and "still red" in board(olu)


def test_off_without_an_end_foretells_none_and_needs_no_longer(olu: Client, live_redis: Any) -> None:
    switch.flip("off", by="ada", reason="drill", length=None)
    assert "data-soon" not in board(olu) and "<dialog" not in board(olu)


def test_refused_hold_is_shown_in_its_own_dialog(olu: Client, live_redis: Any) -> None:
    switch.flip("off", by="ada", reason="drill")
    shown = olu.post("/ops/vendor/", {"action": "hold", "reason": " ", "length": "30m"}).content.decode()
    assert re.search(r'<dialog id="stop"[^>]* open>', shown) and shown.count("Say why, in a few words") == 1
    assert re.findall(r'value="(\w+)" checked', shown) == ["30m"]
    shown = olu.post("/ops/vendor/", {"action": "start", "reason": " "}).content.decode()
    assert re.search(r'<dialog id="stop"[^>]*-title">', shown) and shown.count('role="alert">Say why') == 1


def test_hold_of_an_off_that_has_no_end_any_more_is_refused_with_its_words(olu: Client, live_redis: Any) -> None:
    switch.flip("off", by="ada", reason="drill", length=None)
    shown = olu.post("/ops/vendor/", {"action": "hold", "reason": "ill for long", "seen": "0", "length": "1h"})
    page = shown.content.decode()
    assert shown.status_code == 422 and page.count('class="error" role="alert"') == 1
    assert 'value="ill for long"' in page
