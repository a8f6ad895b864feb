"""Sends bad requests by the thousand, each to the same world, and judges every answer."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx
from django.conf import settings
from django.core.cache import cache
from django.db import connection, transaction
from django.test import override_settings
from redis import Redis
from rq import Queue
from rq.serializers import JSONSerializer

from clinic import limits
from tests.input import crawl
from tests.input.cases import Case, make
from tests.input.oracle import Oracle, Watch
from tests.input.wire import Answer, Request
from tests.input.writers import SESSIONS
from tests.own_valkey import connect

# Which pages show what stands in a table, and one request in how many is followed to the page that comes next.
LOOKS = {
    "clinic_visit": [("clerk", "/desk/board/"), ("monitor", "/monitor/board/")],
    "realtime_switch": [("ops", "/ops/")],
}
FOLLOWED = 5
JOBS = ("job-1", "job-2", "job-3")


@dataclass
class Result:
    """How it went. `failures`: each with its number, the case in words, and what was wrong."""

    count: int = 0
    statuses: Counter[str] = field(default_factory=Counter)
    stored: int = 0
    failures: list[tuple[int, str, list[str]]] = field(default_factory=list)


class Run:
    """A world in an empty database. Must live in a transaction, which is rolled back in the end."""

    def __init__(self, redis: Redis) -> None:
        self.redis = redis
        self._fresh_jobs()
        self.site = crawl.open_site()
        self.site.world.knows("job_id", *JOBS)
        self.oracle = Oracle(self.site.world)

    def send(
        self, seed: int, numbers: Iterable[int], tell: Callable[[Result], None] = lambda result: None
    ) -> Result:
        """The cases of these numbers."""
        result = Result()
        for number in numbers:
            case = make(self.site, seed, number)
            answer, wrong, written = self.judge(case)
            result.count += 1
            result.statuses[f"{answer.status // 100}xx"] += 1
            result.stored += bool(written - {SESSIONS}) and answer.status < 400
            if wrong:
                result.failures.append((number, str(case), wrong))
            tell(result)
        return result

    def judge(self, case: Case) -> tuple[Answer, list[str], set[str]]:
        """The answer, what is wrong, and what was written; afterwards, nothing of it ever happened."""
        if "/django_rq/" in case.request.path:
            self._fresh_jobs()
        self._forget_tries()
        watch = Watch(set())
        with transaction.atomic():
            with connection.execute_wrapper(watch):
                answer = self.site.wire.send(case.request)
            wrong = list(self.oracle.of_answer(case.actor, case.request, answer))
            if not transaction.get_connection().needs_rollback:
                wrong += self.oracle.of_database(case.actor, case.request, answer, watch.tables)
                wrong += self._look_around(case, answer, watch.tables)
            transaction.set_rollback(True)
        if watch.tables - {SESSIONS}:
            cache.clear()
        return answer, wrong, watch.tables

    def _look_around(self, case: Case, answer: Answer, written: set[str]) -> Iterator[str]:
        """What was stored must not break the pages that show it, nor the page that comes next."""
        if answer.status >= 400 or case.number % FOLLOWED:
            return
        looks = [look for table in sorted(written) for look in LOOKS.get(table, [])]
        if to := answer.headers.get("location"):
            looks.append((case.actor, to))
        for actor, address in looks:
            if self.site.route_of(address) is not None:
                wrong = self.oracle.of_answer(actor, Request("GET", address), self._look(actor, address))
                yield from (f"then {actor} at {address}: {what}" for what in wrong)

    def _look(self, actor: str, address: str) -> Answer:
        before = dict(self.site.world.cookies[actor])
        try:
            return self.site.ask(actor, "GET", address)
        finally:
            self.site.world.cookies[actor] = before

    def _forget_tries(self) -> None:
        """All that is sent comes from one address, which would soon be let do nothing."""
        limits.forget()
        if counted := self.redis.keys(f"{limits.PREFIX}*"):
            self.redis.delete(*counted)

    def _fresh_jobs(self) -> None:
        self.redis.flushdb()
        queue = Queue("default", connection=self.redis, serializer=JSONSerializer)
        for name in JOBS:
            queue.enqueue("clinic.integrations.jobs.deliver", 1, job_id=name)


@contextmanager
def running(valkey_url: str) -> Iterator[Run]:
    """A run in the database that Django is set up for, which is as it was in the end."""
    with prepared(valkey_url), transaction.atomic(), Redis.from_url(valkey_url) as redis:
        yield Run(redis)
        transaction.set_rollback(True)


@contextmanager
def prepared(valkey_url: str) -> Iterator[None]:
    """The settings that a run needs; the logs are silent, and the vendor's stand-in answers from memory."""
    plain = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    with override_settings(
        ROOT_URLCONF="tests.input.urls",
        DEMO_CONTROL="http://127.0.0.1:1",
        DEMO_EMR_CONTROL="http://127.0.0.1:1",
        STORAGES={**settings.STORAGES, "staticfiles": plain},
        PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"],
    ):
        connect(settings, valkey_url)
        get, post = httpx.get, httpx.post
        httpx.get = httpx.post = _stand_in  # type: ignore[assignment]
        logging.disable(logging.CRITICAL)
        try:
            yield
        finally:
            logging.disable(logging.NOTSET)
            httpx.get, httpx.post = get, post


def _stand_in(*_words: Any, **_more: Any) -> httpx.Response:
    return httpx.Response(200, json={"mode": "ok"}, request=httpx.Request("GET", "http://127.0.0.1:1"))
