"""5,000 bad requests over every route, half of them on each database: no failure, no half-stored row, no leak.

A failure names the number of its request: `python -m tests.input --seed SEED --only NUMBER` sends that one again.
In one file, since each file builds a world.
"""

from __future__ import annotations

from collections import Counter
from urllib.parse import urlsplit

import pytest
from django.contrib.auth.models import User
from django.db import IntegrityError, connection, transaction

from clinic import audit
from clinic.models import Delivery, Device, Pairing, PhoneKey, StaffSession, Visit, VisitEvent
from realtime.models import Switch
from tests.factories import make_visit
from tests.input.cases import Case, make
from tests.input.engine import Run
from tests.input.wire import Answer, Request
from tests.input.world import OURS, THEIRS

pytestmark = pytest.mark.django_db
EACH = 625
PARTS = 4
SEEDS = {"sqlite": 3, "postgresql": 4}


@pytest.mark.parametrize("part", range(PARTS))
def test_nothing_that_is_sent_breaks_anything(run: Run, part: int) -> None:
    result = run.send(SEEDS[connection.vendor], range(part * EACH, (part + 1) * EACH))
    assert result.failures == []
    assert result.count == EACH
    # Some of it is taken, or the later checks would never be reached.
    assert result.statuses["2xx"] > EACH / 20 and result.stored > EACH / 50


# --- Every route is known ---------------------------------------------------------------------------------------

# No page links to these: a form leads there, a script or a machine asks for them, or Django keeps them for itself.
UNLINKED = {
    "kiosk/help/coming/",
    "kiosk/refused/",
    "kiosk/display/<slug:at>/",
    "kiosk/mm/<str:px>.css",
    "kiosk/offline/",
    "monitor/offline/",
    "shell.js",
    "healthz",
    "readyz",
    "serves/",
    "metrics",
    "live/<slug:topic>/vendor/",
    "monitor/board/",
    "desk/alarms/",
    "login/time/",
    "login/code/",
    "login/set-up/",
    "ops/board/",
    "ops/status.json",
    "ops/jobs/retry/",
    "audit/events.csv",
    "desk/board/",
    "pair/<slug:kind>/wait/",
    "devices/report/",
    "v/<str:token>/board/",
    "v/",
    "v/<path:rest>/",
    "admin/autocomplete/",
    "admin/jsi18n/",
    "admin/r/<path:content_type_id>/<path:object_id>/",
}


def test_every_parameter_of_a_route_has_values(run: Run) -> None:
    wanted = {name for route in run.site.routes for name in route.parameters}
    assert wanted - {name for name, known in run.site.world.values.items() if known} == set()


def test_every_route_is_found_by_somebody_or_known_to_be_unlinked(run: Run) -> None:
    found = set(run.site.seen) | {pattern for pattern, forms in run.site.forms.items() if forms}
    ours = {route.pattern for route in run.site.routes if not route.pattern.startswith("admin/")}
    assert ours - found - UNLINKED == set()
    assert {
        pattern for pattern in UNLINKED if pattern not in {route.pattern for route in run.site.routes}
    } == set()


def test_every_form_of_the_kiosk_and_the_desk_is_found(run: Run) -> None:
    fields = {name for forms in run.site.forms.values() for found in forms for name in found.form.names()}
    assert fields >= {
        "language", "arrival", "given_name", "family_name", "birth_month", "birth_day", "birth_year", "phone",
        "reason", "lane", "identity_checked", "key", "seen", "free", "room", "username", "password", "length",
        "_selected_action", "rooms-TOTAL_FORMS",
    }  # fmt: skip


def test_requests_reach_every_route(run: Run) -> None:
    reached = Counter(
        run.site.route_of(urlsplit(make(run.site, SEEDS[connection.vendor], number).request.path).path)
        for number in range(PARTS * EACH)
    )
    # Where two routes share an address, the first answers.
    shadowed = {"admin/django_rq/dashboard/stats.json/(?P<token>[\\w]+)?/?$"}
    missed = {route.pattern for route in run.site.routes} - set(reached) - shadowed
    assert missed == set()


def test_same_seed_and_number_make_the_same_request(run: Run) -> None:
    first, again = (make(run.site, 7, 42) for _n in range(2))
    assert (str(first), first.request) == (str(again), again.request)
    assert len({str(make(run.site, 7, number)) for number in range(200)}) > 190


# --- The oracle can say no: each kind of failure, made on purpose -----------------------------------------------

HTML = {"content-type": "text/html; charset=utf-8"}


def of_answer(run: Run, body: str, status: int = 200, actor: str = "kiosk", speaks: str = "") -> list[str]:
    answer = Answer(status, HTML, body.encode())
    return list(run.oracle.of_answer(actor, Request("GET", "/kiosk/", speaks=speaks), answer))


@pytest.mark.parametrize(
    ("body", "actor"),
    [
        ("Traceback (most recent call last)", "nobody"),
        (OURS, "kiosk"),
        (THEIRS, "clerk"),
        (OURS, "clerk of the other clinic"),
    ],
)
def test_leak_is_seen(run: Run, body: str, actor: str) -> None:
    assert of_answer(run, body, actor=actor)


def test_hash_of_a_token_is_seen(run: Run) -> None:
    assert of_answer(run, Device.objects.exclude(token_hash="")[0].token_hash, actor="superuser")


def test_what_may_be_seen_is_no_leak(run: Run) -> None:
    assert of_answer(run, OURS, actor="clerk") == []
    assert of_answer(run, OURS + THEIRS, actor="superuser") == []


@pytest.mark.parametrize(("status", "body"), [(500, "data-build="), (404, ""), (404, "<h1>Not Found</h1>")])
def test_failure_and_a_page_that_is_not_ours_are_seen(run: Run, status: int, body: str) -> None:
    assert of_answer(run, body, status)


def test_wrong_language_is_seen(run: Run) -> None:
    english = '<html lang="en" data-build="1">'
    assert of_answer(run, english, 404, speaks="es")
    assert of_answer(run, english.replace("en", "es"), 404, speaks="es") == []


def stored(run: Run, status: int = 302, *tables: str, actor: str = "clerk", path: str = "/desk/") -> list[str]:
    written = {"clinic_visit", *tables}
    return list(run.oracle.of_database(actor, Request("POST", path), Answer(status, {}, b""), written))


@pytest.mark.parametrize(
    ("actor", "clinic", "is_wrong"),
    [
        ("nobody", "ours", True),
        ("monitor", "ours", True),
        ("revoked", "ours", True),
        ("somebody who left", "ours", True),
        ("somebody locked out", "ours", True),
        ("kiosk", "theirs", True),
        ("clerk", "theirs", True),
        ("manager", "theirs", True),
        ("clerk of the other clinic", "ours", True),
        ("kiosk", "ours", False),
        ("clerk of the other clinic", "theirs", False),
        ("superuser", "theirs", False),
    ],
)
def test_writer_without_the_right_is_seen(run: Run, actor: str, clinic: str, is_wrong: bool) -> None:
    """A visit that is whole in every other way."""
    make_visit(getattr(run.site.world, clinic))
    wrong = [f"{actor} stored in clinic_visit, which is {clinic}"]
    assert stored(run, actor=actor) == (wrong if is_wrong else [])


def test_what_clinics_share_is_for_ops_and_a_code_for_everybody(run: Run) -> None:
    Switch.objects.update(desired="off")
    assert stored(run, 302, "realtime_switch", actor="ops") == []
    assert stored(run, 302, "realtime_switch", actor="clerk")
    Pairing.objects.update(code="XXXXXXXX")
    assert stored(run, 200, "clinic_pairing", actor="nobody", path="/pair/kiosk/") == []
    assert stored(run, 200, "clinic_pairing", actor="nobody", path="/desk/")
    Device.objects.filter(name="New").update(token_hash="of-a-new-token")
    assert stored(run, 302, "clinic_device", actor="nobody", path="/pair/kiosk/")


def test_log_in_and_second_step_are_ones_own(run: Run) -> None:
    device = PhoneKey.objects.get(user__username="kim")
    PhoneKey.objects.update(confirmed=False)
    assert stored(run, 200, device._meta.db_table, actor="somebody half in") == []
    assert stored(run, 200, device._meta.db_table, actor="clerk")
    StaffSession.objects.filter(user_id=User.objects.get(username="ana").pk).delete()
    assert stored(run, 403, "clinic_staffsession", actor="clerk") == []
    assert stored(run, 403, "clinic_staffsession", actor="manager")
    assert stored(run, 200, "clinic_staffsession", actor="nobody", path="/login/") == []
    assert stored(run, 200, "clinic_staffsession", actor="nobody")


def test_audit_is_its_clinics(run: Run) -> None:
    audit.write(run.site.world.ours.pk, "visit.look", by=audit.NOBODY)
    assert stored(run, 200, "clinic_auditevent", actor="clerk") == []
    assert stored(run, 200, "clinic_auditevent", actor="nobody", path="/login/") == []
    for actor in ("clerk of the other clinic", "auditor", "nobody"):
        assert stored(run, 200, "clinic_auditevent", actor=actor)


def test_row_behind_a_refusal_is_seen(run: Run) -> None:
    assert stored(run, 422) == []
    make_visit(run.site.world.ours)
    assert stored(run, 302) == []
    assert stored(run, 422)


def test_visit_without_its_event_or_with_a_broken_chain_is_seen(run: Run) -> None:
    visit = make_visit(run.site.world.ours)
    Visit.objects.filter(pk=visit.pk).update(state="left", ended_at=visit.arrived_at)
    assert stored(run)


def test_event_without_its_delivery_or_version_is_seen(run: Run) -> None:
    visit = make_visit(run.site.world.ours)
    Delivery.objects.filter(visit=visit).delete()
    assert any("deliveries" in one for one in stored(run))
    topic = run.site.world.ours.topic
    topic.version = 1
    topic.save()
    assert any("version" in one for one in stored(run))


@pytest.mark.parametrize("name", ["Bob\x07", "\u202eboB", "  "])
def test_bad_name_is_seen(run: Run, name: str) -> None:
    visit = make_visit(run.site.world.ours)
    Visit.objects.filter(pk=visit.pk).update(family_name=name)
    assert any("stored the name" in one for one in stored(run))


def test_reference_that_leads_nowhere_is_seen_although_nothing_was_committed(run: Run) -> None:
    stray = VisitEvent(visit_id=10**6, sequence=1, verb="book", to_state="waiting")
    with transaction.atomic():
        VisitEvent.objects.bulk_create([stray])
        with pytest.raises(IntegrityError):
            stored(run)
        transaction.set_rollback(True)


def test_nothing_of_a_request_stays(run: Run) -> None:
    """And the same request is judged alike twice."""
    before = Visit.objects.count()
    case = Case(0, "nobody", Request("GET", "/kiosk/"), [])
    assert [run.judge(case)[0].status for _n in range(2)] == [302, 302]
    assert Visit.objects.count() == before
