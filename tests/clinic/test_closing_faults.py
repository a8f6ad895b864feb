"""The closing job where something is wrong: with a clinic, with a visit, with the database."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db import IntegrityError, InterfaceError, OperationalError, connection

from clinic.models import Clinic, Visit, VisitEvent
from clinic.services import closing, move, moves
from clinic.services.actors import Refused
from clinic.services.closing import resolve_open_visits
from clinic.states import Verb
from tests.clinic.conftest import Clock
from tests.factories import make_clinic, make_visit

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("no_redis")]
Breaks = Callable[[Visit, Exception], None]


@pytest.fixture
def breaks(monkeypatch: pytest.MonkeyPatch) -> Breaks:
    """From now on, every move of this visit ends in this error."""

    def broken(visit: Visit, error: Exception) -> None:
        def one(clinic: Clinic, public_id: Any, *words: Any, **more: Any) -> VisitEvent:
            event = move(clinic, public_id, *words, **more)
            if public_id == visit.public_id:
                raise error
            return event

        monkeypatch.setattr(moves, "move", one)

    return broken


def asked(*visits: Visit) -> list[bool]:
    return [visit.events.filter(verb=Verb.ASK).exists() for visit in visits]


@pytest.mark.parametrize("error", [IntegrityError("Miller"), Refused("no"), Visit.DoesNotExist(), KeyError("x")])
def test_bad_visit_keeps_no_other_of_its_clinic_and_no_other_clinic(
    clock: Clock, breaks: Breaks, caplog: pytest.LogCaptureFixture, error: Exception
) -> None:
    first, second = make_clinic("a"), make_clinic("b")
    visits = [make_visit(first) for _n in range(3)] + [make_visit(second)]
    clock.add(days=1)
    breaks(visits[1], error)
    assert resolve_open_visits() == 3
    assert asked(*visits) == [True, False, True, True]
    assert [record.getMessage() for record in caplog.records] == [
        f"open visit {visits[1].pk} of clinic {first.pk} could not be asked about or closed"
    ]


def test_clinic_whose_time_zone_this_machine_does_not_know_keeps_no_other(
    clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    lost, well = make_visit(make_clinic("a")), make_visit(make_clinic("b"))
    clock.add(days=1)
    Clinic.objects.filter(pk=lost.clinic_id).update(time_zone="Atlantic/Atlantis")
    assert resolve_open_visits() == 1
    assert asked(lost, well) == [False, True]
    assert [record.getMessage() for record in caplog.records] == [
        f"open visits of clinic {lost.clinic_id} could not be looked at"
    ]


def test_clinic_deleted_meanwhile_is_nothing_to_tell(
    clock: Clock, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone, visit = make_clinic("a"), make_visit(make_clinic("b"))
    clock.add(days=1)
    look = closing._due

    def deleted_first(pk: int, *more: Any) -> Any:
        Clinic.objects.filter(pk=gone.pk).delete()
        return look(pk, *more)

    monkeypatch.setattr(closing, "_due", deleted_first)
    assert resolve_open_visits() == 1
    assert asked(visit) == [True] and not caplog.records


def test_deadlock_in_one_clinic_keeps_no_other(clock: Clock, breaks: Breaks) -> None:
    visits = [make_visit(make_clinic(slug)) for slug in ("a", "b")]
    clock.add(days=1)
    breaks(visits[0], OperationalError("deadlock detected"))
    resolve_open_visits()
    assert asked(*visits) == [False, True]


@pytest.mark.parametrize("error", [OperationalError("away"), InterfaceError("away")])
def test_database_that_does_not_answer_is_asked_no_more(
    clock: Clock, breaks: Breaks, error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    visits = [make_visit(make_clinic(slug)) for slug in ("a", "b")]
    clock.add(days=1)
    breaks(visits[0], error)
    monkeypatch.setattr(connection, "is_usable", lambda: False)
    with pytest.raises(type(error)):
        resolve_open_visits()
    assert asked(*visits) == [False, False]
