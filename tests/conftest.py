"""What all tests share."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.core.cache import cache
from django.db.backends.base.operations import BaseDatabaseOperations
from django.test import Client
from django_otp import DEVICE_ID_SESSION_KEY

from clinic import catalogs, limits
from realtime import bell, breaker, job_queues, redis_link, switch, tally
from tests import canaries
from tests.own_valkey import OwnValkey, connect

# Whoever reads or writes a database asks for one of these; pytest-django refuses the rest.
DATABASE = {"db", "transactional_db"}
# Files that take long are begun first: one that comes last keeps one core busy and leaves the other idle.
LONG = [
    *("input/test_requests", "drill/test_drill_run", "models/test_services_model", "bench/test_command"),
    *("input/test_raw", "running/test_worker", "clinic/test_simulation", "integrations/test_long_outage"),
    *("models/test_interleavings", "bench/test_remote", "backups/test_backup_and_restore", "access/test_matrix"),
]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--of-database", action="store_true", help="only tests that a database may change")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leaves out, if asked to, what no database can change; what takes long goes first, the rest by chance."""
    if config.getoption("--of-database"):
        config.hook.pytest_deselected(items=[item for item in items if not _uses_database(item)])
        items[:] = [item for item in items if _uses_database(item)]
    items.sort(key=_place)


def _place(item: pytest.Item) -> int:
    return next((place for place, name in enumerate(LONG) if name in item.nodeid), len(LONG))


def _uses_database(item: pytest.Item) -> bool:
    marked = item.get_closest_marker("django_db") is not None
    return marked or not DATABASE.isdisjoint(getattr(item, "fixturenames", ()))


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings_parallel_suffix: None) -> None:
    """SQLite does not wait for the disk: no test cuts the machine's power."""
    options = django_settings.DATABASES["default"]["OPTIONS"]
    if "init_command" in options:
        options["init_command"] = options["init_command"].replace("synchronous=FULL", "synchronous=OFF")


@pytest.fixture(autouse=True)
def plain_settings(settings: Any) -> None:
    """Static files by their own names, and a hash of passwords that costs nothing."""
    settings.STORAGES = {
        **settings.STORAGES,
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    }
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture(autouse=True)
def lasting_log_ins(settings: Any) -> None:
    """Whoever a test logs in stays in, however far it turns the clock. A test of that sets its own times."""
    settings.SESSION_IDLE, settings.SESSION_COOKIE_AGE = timedelta(days=1000), 1000 * 24 * 3600


@pytest.fixture(autouse=True)
def no_patient_is_told_of() -> Iterator[canaries.Net]:
    """A test that leads a patient's data into a log line, an address or an error page fails."""
    with canaries.net() as net:
        yield net


@pytest.fixture(autouse=True)
def fresh_process() -> Iterator[None]:
    """Nothing that one test left in this process's memory reaches the next, and no thread or connection either."""
    yield
    redis_link.thread.stop()
    redis_link.thread = redis_link.RedisThread()
    redis_link.client.cache_clear()
    job_queues.get.cache_clear()
    limits.forget()
    bell.connect(None)
    cache.clear()
    tally.forget()
    switch._last_known = None
    breaker.hear(None)


@pytest.fixture(autouse=True, scope="session")
def second_step_made() -> Iterator[None]:
    """Whoever a test logs in without a page has made the second step too. A test of that step uses the pages."""
    log_in, patch = Client.force_login, pytest.MonkeyPatch()

    def whole(self: Client, user: Any, backend: str | None = None) -> None:
        log_in(self, user, backend)
        session = self.session
        session[DEVICE_ID_SESSION_KEY] = "a test's"
        session.save()

    patch.setattr(Client, "force_login", whole)
    yield
    patch.undo()


@pytest.fixture(scope="session")
def valkey_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A real Valkey of this test process."""
    server = OwnValkey(tmp_path_factory.mktemp("valkey"))
    server.start()
    yield server.url
    server.kill()


@pytest.fixture
def live_redis(valkey_url: str, settings: Any) -> Iterator[Any]:
    """Redis is there, and empty: what the code under test connects to. Gives a client."""
    connect(settings, valkey_url)
    client = redis_link.client()
    client.flushall()
    yield client
    assert canaries.found(canaries.in_redis(client)) == []
    client.close()


@pytest.fixture
def all_languages(settings: Any, tmp_path: Path) -> None:
    """All catalogs, compiled as `manage.py build` does it, but not in the checkout."""
    for source in catalogs.sources():
        copy = tmp_path / catalogs.code_of(source) / "LC_MESSAGES" / "django.po"
        copy.parent.mkdir(parents=True)
        catalogs.make(Path(shutil.copy(source, copy)))
    settings.LOCALE_PATHS = [tmp_path]


@pytest.fixture(autouse=True, scope="session")
def audit_can_be_emptied() -> Iterator[None]:
    """Tests with transactions of their own empty every table, and the database refuses that of the audit."""
    patch = pytest.MonkeyPatch()
    empty = BaseDatabaseOperations.execute_sql_flush
    patch.setattr(BaseDatabaseOperations, "execute_sql_flush", lambda self, sqls: _flush(empty, self, sqls))
    yield
    patch.undo()


def _flush(empty: Any, operations: Any, sqls: Any) -> None:
    with operations.connection.cursor() as cursor:
        if operations.connection.vendor == "postgresql":
            off, on = (f"ALTER TABLE clinic_auditevent {word} TRIGGER USER" for word in ("DISABLE", "ENABLE"))
            cursor.execute(off)
            empty(operations, sqls)
            cursor.execute(on)
            return
        cursor.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")
        triggers = cursor.fetchall()
        for name, _sql in triggers:
            cursor.execute(f"DROP TRIGGER {name}")
        empty(operations, sqls)
        for _name, sql in triggers:
            cursor.execute(sql)
