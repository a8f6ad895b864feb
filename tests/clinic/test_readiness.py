"""Ready is who has a database with our migrations; a database that hangs holds nobody who asks."""

from __future__ import annotations

import asyncio
import sys
import threading
import time
from typing import Any

import pytest
from django.db import DatabaseError, OperationalError, connection, connections, transaction
from django.db.migrations.recorder import MigrationRecorder
from django.test import Client

import manage
from clinic import readiness
from clinic.handler import Handler
from clinic.running.home import free_port
from realtime import switch
from realtime.models import Desired
from tests.clinic.test_handler import Client as Caller
from tests.own_valkey import connect, refusing


@pytest.mark.django_db
def test_ready_with_all_there(live_redis: Any, settings: Any) -> None:
    settings.ABLY_PUBLISH_KEY = settings.ABLY_SUBSCRIBE_KEY = "demo.key:secret"
    answer = Client().get("/readyz")
    assert answer.status_code == 200
    assert answer.json() == {
        "ready": True, "database": "ok", "migrations": "applied", "redis": "ok", "vendor": "open",
    }  # fmt: skip


@pytest.mark.django_db
def test_redis_and_vendor_may_be_away(settings: Any) -> None:
    connect(settings, f"redis://127.0.0.1:{free_port()}/0")
    settings.ABLY_PUBLISH_KEY = settings.ABLY_SUBSCRIBE_KEY = "demo.key:secret"
    answer = Client().get("/readyz")
    assert answer.status_code == 200
    assert (answer.json()["redis"], answer.json()["vendor"]) == ("away", "shut: breaker")


@pytest.mark.django_db
def test_redis_that_takes_no_writes_is_told_and_is_no_reason(live_redis: Any) -> None:
    with refusing(live_redis, "READONLY"):
        answer = Client().get("/readyz")
    assert (answer.status_code, answer.json()["redis"]) == (200, "takes no writes: READONLY")


@pytest.mark.django_db
def test_who_turned_the_vendor_off_and_why_is_told_to_nobody(live_redis: Any, settings: Any) -> None:
    settings.ABLY_PUBLISH_KEY = settings.ABLY_SUBSCRIBE_KEY = "demo.key:secret"
    switch.flip(Desired.OFF, by="olu", reason="their certificate", length=None)
    answer = Client().get("/readyz")
    assert answer.json()["vendor"] == "shut: switch"
    assert not [word for word in ("olu", "certificate", "secret", "demo.key") if word in answer.content.decode()]


@pytest.mark.django_db
def test_migration_that_is_not_applied_is_named_with_what_to_do(live_redis: Any) -> None:
    MigrationRecorder.Migration.objects.filter(app="clinic", name__gte="0010").delete()
    answer = Client().get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["ready"] is False
    said = answer.json()["migrations"]
    assert said.startswith("not applied: clinic.0010_devices, clinic.0011") and "evenkeel migrate" in said


@pytest.mark.django_db
def test_many_that_are_missing_are_not_all_named(live_redis: Any) -> None:
    MigrationRecorder.Migration.objects.filter(app="clinic").delete()
    assert " more. Run: evenkeel migrate" in Client().get("/readyz").json()["migrations"]


@pytest.mark.django_db
def test_command_that_finds_no_table_says_so_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    """So ends whoever runs one without the machine's settings; any other error stays whole."""

    def ask(words: list[str]) -> None:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"SELECT {words[1]}")

    monkeypatch.setattr(manage, "execute_from_command_line", ask)
    monkeypatch.setattr(sys, "argv", ["manage.py", "1 FROM nowhere"])
    with pytest.raises(
        SystemExit, match=r"^The database is not that of an Evenkeel.*nowhere.*migrate.*small.md"
    ) as no:
        manage.main()
    assert "\n" not in str(no.value)
    monkeypatch.setattr(sys, "argv", ["manage.py", "nothing FROM clinic_visit"])
    with pytest.raises(DatabaseError):
        manage.main()


@pytest.mark.django_db
def test_old_code_is_ready_on_the_database_of_a_newer_release(live_redis: Any) -> None:
    MigrationRecorder.Migration.objects.create(app="clinic", name="9999_of_tomorrow")
    assert Client().get("/readyz").json()["migrations"] == "applied"


@pytest.mark.django_db
def test_database_that_refuses_makes_it_unready(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> list[str]:
        raise OperationalError("password authentication failed for user Planted")

    monkeypatch.setattr(readiness, "_missing", fail)
    answer = Client().get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["why"] == "the database does not answer"
    assert "Planted" not in answer.content.decode()


@pytest.mark.django_db(transaction=True)
def test_database_that_hangs_is_asked_once_and_holds_nobody(
    live_redis: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    lets_go, looks = threading.Event(), list[int]()

    def hang() -> list[str]:
        looks.append(1)
        assert lets_go.wait(10)
        return []

    monkeypatch.setattr(readiness, "_missing", hang)
    monkeypatch.setattr(readiness, "PATIENCE", 0.2)
    handler = Handler(1)

    async def scene() -> None:
        began = time.monotonic()
        answers = await asyncio.gather(*[Caller(handler, "/readyz").answer() for _n in range(5)])
        answers.append(await Caller(handler, "/readyz").answer())
        assert time.monotonic() - began < 2
        assert {status for status, _body in answers} == {503} and len(looks) == 1
        assert all(b"does not answer within" in body for _status, body in answers)
        lets_go.set()
        while (await Caller(handler, "/readyz").answer())[0] != 200:
            await asyncio.sleep(0.01)

    asyncio.run(scene())
    handler.watch._pool.submit(connections.close_all).result()
    handler.watch._pool.shutdown()
    handler.pool.shutdown()


@pytest.mark.django_db
def test_only_questions_are_answered() -> None:
    assert Client().post("/readyz").status_code == Client().post("/serves/").status_code == 405


# --- What a page asks that nobody is at -----------------------------------------------------------------------


@pytest.fixture
def no_redis(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever asks Redis fails the test."""
    monkeypatch.setattr(readiness, "_beside", lambda: pytest.fail("Redis was asked"))


@pytest.mark.django_db
@pytest.mark.usefixtures("no_redis")
def test_page_is_told_in_one_word_and_redis_is_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    answer = Client().get("/serves/")
    assert (answer.status_code, answer.content) == (204, b"") and "no-store" in answer["Cache-Control"]
    MigrationRecorder.Migration.objects.filter(app="clinic").delete()
    assert Client().get("/serves/").status_code == 503, "no page can be made"
    monkeypatch.setattr(readiness, "database", lambda: readiness._away("does not answer"))
    assert Client().get("/serves/").status_code == 503


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("no_redis")
def test_page_is_told_by_the_event_loop_alone() -> None:
    handler = Handler(1)

    async def scene() -> None:
        assert await Caller(handler, "/serves/").answer() == (204, b"")

    asyncio.run(scene())
    handler.watch._pool.submit(connections.close_all).result()
    handler.watch._pool.shutdown()
    handler.pool.shutdown()


@pytest.mark.django_db(transaction=True)
def test_pages_for_trouble_are_answered_while_the_database_hangs_and_take_no_thread_twice(
    live_redis: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    lets_go, held = threading.Event(), list[int]()

    def hang(*words: object) -> Any:
        held.append(1)
        assert lets_go.wait(10)
        raise OperationalError("at last")

    monkeypatch.setattr(readiness, "_missing", hang)
    monkeypatch.setattr(readiness, "PATIENCE", 0.2)
    monkeypatch.setattr("clinic.session_middleware.StaffLogIn._look_at", hang)
    handler = Handler(1)

    async def scene() -> None:
        began = time.monotonic()
        for path, words in (
            ("/ops/", b"data-board"),
            ("/ops/board/", b"data-sentence"),
            ("/ops/status.json", b"runbook"),
            ("/ops/engine/", b"The database does not answer since"),
        ):
            status, body = await Caller(handler, path).answer()
            assert status == 503 and words in body
        assert len(held) == 2, "the first page and the watch"
        assert time.monotonic() - began < 4
        lets_go.set()

    asyncio.run(scene())
    for pool in (handler.watch._pool, handler.pool, handler.spare):
        pool.submit(connections.close_all).result()
        pool.shutdown()


@pytest.mark.django_db(transaction=True)
def test_page_that_is_only_slow_is_waited_for(live_redis: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("clinic.session_middleware.StaffLogIn._look_at", lambda *words: time.sleep(1))
    handler = Handler(1)

    async def scene() -> None:
        assert (await Caller(handler, "/ops/").answer())[0] == 302

    asyncio.run(scene())
    for pool in (handler.watch._pool, handler.pool):
        pool.submit(connections.close_all).result()
        pool.shutdown()
