"""The generator knows every route: one that is new, and that nobody told it of, fails here."""

from __future__ import annotations

from collections import Counter
from urllib.parse import urlsplit

import pytest

from tests.input.cases import make
from tests.input.engine import Run

pytestmark = pytest.mark.django_db

# No page links to these: a form leads there, a script or a machine asks for them, or Django keeps them for itself.
UNLINKED = {
    "kiosk/help/coming/",
    "healthz",
    "readyz",
    "live/<slug:topic>/vendor/",
    "monitor/board/",
    "desk/board/",
    "pair/<str:secret>/",
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
        run.site.route_of(urlsplit(make(run.site, 0, number).request.path).path) for number in range(15_000)
    )
    # Where two routes share an address, the first answers.
    shadowed = {"admin/django_rq/dashboard/stats.json/(?P<token>[\\w]+)?/?$"}
    missed = {route.pattern for route in run.site.routes} - set(reached) - shadowed
    assert missed == set()


def test_same_seed_and_number_make_the_same_request(run: Run) -> None:
    first, again = (make(run.site, 7, 42) for _n in range(2))
    assert (str(first), first.request) == (str(again), again.request)
    assert len({str(make(run.site, 7, number)) for number in range(200)}) > 190
