"""An installation from before the engine keeps its secrets, sealed now, and what it owed, with an end."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import DEFAULT_DB_ALIAS, connections
from django.db.migrations.executor import MigrationExecutor
from django.utils import timezone

from clinic import sealed
from clinic.sealed import Secrets

BEFORE, AFTER = [("clinic", "0003_calendar")], [("clinic", "0004_engine")]
SECRET = "whsec_" + "c2VjcmV0" * 5


@pytest.fixture
def past(django_db_blocker: Any) -> Iterator[str]:
    """The alias of an empty database of its own, in memory."""
    memory = {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}
    connections.databases["past"] = {**connections.databases[DEFAULT_DB_ALIAS], **memory, "OPTIONS": {}}
    with django_db_blocker.unblock():
        yield "past"
        connections["past"].close()
    del connections.databases["past"], connections["past"]


def migrated(alias: str, to: list[tuple[str, str]]) -> Any:
    """The models as they are after these migrations."""
    MigrationExecutor(connections[alias]).migrate(to)
    return MigrationExecutor(connections[alias]).loader.project_state(to).apps


def owe(apps: Any, alias: str) -> None:
    """A destination with a secret, one without, and a delivery that waits."""
    now = timezone.now()

    def make(app: str, model: str, **fields: Any) -> Any:
        return apps.get_model(app, model).objects.using(alias).create(**fields)

    clinic = make("clinic", "Clinic", name="Harbor", slug="harbor", topic=make("realtime", "Topic", name="t"))
    emr = make("clinic", "Destination", clinic=clinic, name="EMR", url="https://a", secret=SECRET, is_ill=True)
    make("clinic", "Destination", clinic=clinic, name="Open", url="https://b", secret="")
    who = {"family_name": "Miller", "family_name_key": "miller", "birth_date": now.date()}
    visit = make("clinic", "Visit", clinic=clinic, state="expected", day=now.date(), booked_for=now, **who)
    event = make("clinic", "VisitEvent", visit=visit, sequence=1, verb="book", to_state="expected")
    make("clinic", "Delivery", destination=emr, visit=visit, event=event, key="K" * 20, body="{}", created_at=now)


def test_secret_is_sealed_and_delivery_has_an_end(past: str) -> None:
    owe(migrated(past, BEFORE), past)
    apps = migrated(past, AFTER)
    destinations = apps.get_model("clinic", "Destination").objects.using(past)
    emr, other = destinations.get(name="EMR"), destinations.get(name="Open")
    assert SECRET not in emr.sealed_secrets and not hasattr(emr, "secret")
    assert sealed.unseal(emr.sealed_secrets) == Secrets(signing=(SECRET,))
    assert sealed.unseal(other.sealed_secrets) == Secrets()
    assert emr.ill_since is not None and other.ill_since is None
    row = apps.get_model("clinic", "Delivery").objects.using(past).get()
    assert row.give_up_at - row.created_at == timedelta(hours=72)
    assert (row.key, row.body) == ("K" * 20, "{}")
