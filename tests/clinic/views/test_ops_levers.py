"""The lever beside each sentence of the ops page, and when the vendor's switch is the main one."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client

from clinic.models import Clinic, Delivery
from realtime import heartbeats, switch
from realtime.breaker import Breaker
from tests.clinic.engine_states import silent
from tests.clinic.views.desk_pages import logged_in
from tests.clinic.work import unserved
from tests.factories import make_clinic, make_user, make_visit
from tests.realtime.breaker_rig import calls, lapse

pytestmark = pytest.mark.django_db


@pytest.fixture
def olu(settings: Any) -> Client:
    settings.ABLY_PUBLISH_KEY, settings.ABLY_SUBSCRIBE_KEY = (
        "tests.publish:" + "p" * 43,
        "tests.subscribe:" + "s" * 43,
    )
    return logged_in(make_user("olu", make_clinic("depot"), "ops"))


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


def test_lever_of_work_that_nobody_does_leads_to_the_processes(olu: Client, live_redis: Any) -> None:
    unserved(live_redis, "integrations", 60)
    heartbeats.tell("web", [])
    assert "data-sentence>No worker serves integrations since " in board(olu)
    assert main_acts(olu) == [] and 'href="/ops/#processes">See the processes<' in lever(olu)
    assert ' id="processes"' in board(olu) and ' id="devices"' in board(olu) and ' id="jobs"' in board(olu)
