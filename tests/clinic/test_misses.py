"""A flood of made-up links and pairing pages from behind the address of a whole clinic."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from django.conf import settings as ours
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from clinic import access, limits, phone_links
from clinic.digests import digest
from clinic.models import Clinic, Pairing, Visit
from clinic.services import pairings
from realtime import redis_link
from tests.factories import make_visit
from tests.own_valkey import OwnValkey, connect

pytestmark = pytest.mark.django_db
CLINIC, ELSEWHERE = "203.0.113.5", "203.0.113.6"
# A clinic has many more.
MOST = 20
# Of a few more than the limit, so that what other processes heard meanwhile does not matter.
FLOOD = MOST + 5


@pytest.fixture(autouse=True)
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MISS", replace(limits.MISS, most=MOST))


def client(address: str = CLINIC) -> Client:
    return Client(REMOTE_ADDR=address)


def link(visit: Visit, rest: str = "") -> str:
    return phone_links.link(visit).removeprefix(ours.PUBLIC_URL) + rest


def made_up(number: int) -> str:
    return f"/v/{number:024d}/"


def flood(rest: str = "") -> list[int]:
    """What a prober hears who asks for so many links that there are not."""
    prober = client()
    return [prober.get(made_up(number) + rest).status_code for number in range(FLOOD)]


def heard() -> None:
    """All that was asked of Redis so far is answered."""
    done = redis_link.thread.soon(int)
    assert done is not None and done.result(5) is not None


def test_prober_is_refused_before_the_database_is_asked(
    live_redis: Any, harbor: Clinic, django_assert_num_queries: Any
) -> None:
    seen = flood()
    assert seen == [404] * MOST + [429] * 5
    for rest in ("", "board/", "more-time/", "leave/"):
        with django_assert_num_queries(0):
            answer = client().get(made_up(7) + rest)
        assert (answer.status_code, answer["Retry-After"]) == (429, "60")
        assert answer["Referrer-Policy"] == "no-referrer" and "try again in a minute" in answer.content.decode()
    assert client(ELSEWHERE).get(made_up(7)).status_code == 404


def test_phones_of_the_clinic_keep_their_pages_while_somebody_there_probes(
    live_redis: Any, harbor: Clinic
) -> None:
    """Also a phone that nobody here has heard of before, and one whose visit has long ended."""
    known, new = make_visit(harbor), make_visit(harbor)
    assert client().get(link(known)).status_code == 200
    assert flood()[-1] == 429
    limits_of_one = [client().get(link(one, rest)).status_code for one in (known, new) for rest in ("", "board/")]
    assert limits_of_one == [200] * 4
    assert client().get(link(new, "leave/")).status_code == 200
    assert client().post(link(new, "more-time/"), {"seen": new.events.count()}).status_code == 302
    ended = link(make_visit(harbor))
    Visit.objects.filter(phone_hash=digest(ended.split("/")[-2])).update(phone_hash="")
    assert client().get(ended).status_code == 404, "as always: a kind page, and no refusal"


def test_hits_and_links_that_ended_never_count(live_redis: Any, harbor: Clinic) -> None:
    ended, phone = link(make_visit(harbor)), client()
    Visit.objects.update(phone_hash="")
    assert {phone.get(ended).status_code for _n in range(FLOOD)} == {404}
    assert phone.get(made_up(1)).status_code == 404


def test_link_of_a_release_before_is_found_while_its_network_has_misses_left(harbor: Clinic) -> None:
    """It has no proof."""
    visit, token = make_visit(harbor), "o" * 24
    Visit.objects.filter(pk=visit.pk).update(phone_hash=digest(token))
    assert not phone_links.is_proven(token) and client().get(f"/v/{token}/").status_code == 200


def other(letter: str) -> str:
    return "B" if letter == "A" else "A"


@pytest.mark.parametrize("end", ["", "other", "\u05d0" * 8, "%00"])
def test_proof_is_of_the_whole_token_and_of_our_keys(harbor: Clinic, settings: Any, end: str) -> None:
    token = link(make_visit(harbor)).split("/")[-2]
    assert phone_links.is_proven(token) and len(token) == 24
    end = other(token[-1]) if end == "other" else end
    assert not phone_links.is_proven(token[:-1] + end) and not phone_links.is_proven(other(token[0]) + token[1:])
    assert not pairings.is_proven(token), "of one purpose"
    before, settings.SECRET_KEY = settings.SECRET_KEY, "another" * 10
    assert not phone_links.is_proven(token)
    settings.SECRET_KEY_FALLBACKS = [before]
    assert phone_links.is_proven(token)


def test_other_processes_hear_of_a_flood_and_redis_holds_neither_address_nor_link(live_redis: Any) -> None:
    flood()
    heard()
    limits.forget()
    client().get(made_up(1))
    heard()
    assert client().get(made_up(2)).status_code == 429
    keys = [key.decode() for key in live_redis.scan_iter()]
    words = str([*keys, *(live_redis.zrange(key, 0, -1) for key in keys if key.startswith(limits.PREFIX))])
    assert len([key for key in keys if key.startswith(limits.PREFIX)]) == 1
    assert CLINIC not in words and made_up(1).split("/")[-2] not in words


def test_without_redis_each_process_counts_for_itself(harbor: Clinic, tmp_path: Any, settings: Any) -> None:
    server = OwnValkey(tmp_path)
    connect(settings, server.url)
    server.start()
    server.kill()
    visit = make_visit(harbor)
    assert flood("board/") == [404] * MOST + [429] * 5
    assert client().get(link(visit)).status_code == 200
    cache.clear()


# --- Pairing ----------------------------------------------------------------------------------------------------


def test_flood_of_pairing_pages_costs_one_read_each_and_then_none(
    live_redis: Any, harbor: Clinic, django_assert_num_queries: Any
) -> None:
    screen = client()
    assert screen.get("/pair/monitor/").status_code == 200
    for _n in range(pairings.MOST_AT_ONE_ADDRESS - 1):
        client().get("/pair/kiosk/")
    for _n in range(MOST):
        with CaptureQueriesContext(connection) as asked:
            assert "Too many screens" in client().get("/pair/kiosk/").content.decode()
        assert len([one for one in asked.captured_queries if " FROM " in one["sql"]]) == 1, "beside the clock"
    with django_assert_num_queries(0):
        answer = client().get("/pair/kiosk/")
    assert answer.status_code == 429 and answer["Retry-After"] == "60" and "no-store" in answer["Cache-Control"]
    page = answer.content.decode()
    assert 'data-wait="/pair/kiosk/wait/" data-every="30000"' in page and "tries again by itself" in page
    assert "data-code" not in page and not answer.cookies
    assert screen.get("/pair/monitor/").status_code == 200
    assert screen.get("/pair/monitor/wait/").json() == {"waits": True}
    assert Pairing.objects.count() == pairings.MOST_AT_ONE_ADDRESS


def test_made_up_secret_of_a_pairing_counts_and_an_own_one_that_lapsed_does_not(
    live_redis: Any, harbor: Clinic, django_assert_num_queries: Any
) -> None:
    screen, prober = client(), client()
    screen.get("/pair/monitor/")
    Pairing.objects.all().delete()
    prober.cookies[access.pairing_cookie("monitor")] = "made up"
    for _n in range(MOST):
        assert screen.get("/pair/monitor/wait/").json() == {"waits": False}
        assert prober.get("/pair/monitor/wait/").json() == {"waits": False}
    with django_assert_num_queries(0):
        assert prober.get("/pair/monitor/wait/").status_code == 429
    assert screen.get("/pair/monitor/").status_code == 200
