"""What must be true of every answer, and of the database after it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import connection
from django.utils import timezone

from clinic.models import Clinic, Delivery, Visit, VisitEvent
from clinic.settings import BASE
from clinic.states import is_untold
from realtime.models import Topic
from tests.input import world as worlds
from tests.input.wire import Answer, Request
from tests.input.world import OURS, THEIRS, World
from tests.input.writers import AUDIT, SESSIONS, TRIES, Writers

WRITE = re.compile(r'(?:INSERT INTO|UPDATE|DELETE FROM|INSERT OR IGNORE INTO|TRUNCATE) "(\w+)"', re.IGNORECASE)
# A kiosk's answers, what somebody was told, and when a device was seen may change with any answer.
NOT_OURS = {"django_session", "django_admin_log", "clinic_devicereport"}
# A refused guess is counted, and told in the audit.
COUNTED = {"/desk/devices/pair/": {"clinic_pairing", "clinic_wrongcode", *AUDIT}, "/login/": {*TRIES, *AUDIT}}
INSIDES = [
    "Traceback (most recent", 'File "/', "site-packages", str(BASE), 'SELECT "', 'INSERT INTO "', "psycopg",
    "sqlite3", "OperationalError", "DataError", "IntegrityError", "django.core", "django.db", "<Device:",
    "<Visit:", "EVENKEEL_SECRET_KEY", "DATABASE_URL",
]  # fmt: skip
SEES_OURS = {"clerk", "manager", "ops", "superuser"}
SEES_THEIRS = {"clerk of the other clinic", "superuser"}
LINK = ("sequence", "from_state", "to_state")
BAD_IN_A_NAME = re.compile("[\x00-\x1f\x7f\ud800-\udfff\u202a-\u202e\u2066-\u2069]")


@dataclass
class Watch:
    """Remembers which tables were written to; an execute wrapper of Django's."""

    tables: set[str]

    def __call__(self, execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        if (found := WRITE.match(sql.lstrip())) and found[1] not in NOT_OURS:
            self.tables.add(found[1])
        return execute(sql, params, many, context)


class Oracle:
    """Knows the world as it was built, and says what is wrong with an answer."""

    def __init__(self, world: World) -> None:
        self._never = [text for text in (*INSIDES, *worlds.secrets(world)) if text]
        self._writers = Writers(world)
        self._last_event = VisitEvent.objects.latest("pk").pk
        self._versions = dict(Topic.objects.values_list("pk", "version"))

    def of_answer(self, actor: str, asked: Request, answer: Answer) -> Iterator[str]:
        """What is wrong with what came back."""
        if answer.status >= 500:
            yield f"status {answer.status}: {answer.error!r}"
        text = answer.text
        yield from (f"shows {word!r}" for word in self._never if word in text)
        if (THEIRS in text and actor not in SEES_THEIRS) or (OURS in text and actor not in SEES_OURS):
            yield "shows a patient to somebody without the right"
        if 400 <= answer.status < 500 and asked.method != "HEAD":
            yield from _of_refusal(actor, asked, answer)

    def of_database(self, actor: str, asked: Request, answer: Answer, written: set[str]) -> Iterator[str]:
        """What is wrong with what is stored, if any of our tables were written to."""
        written = written & set(self._writers.tables)
        # Whoever is refused was here too: their log-in lives on.
        yield from self._writers.wrong(actor, asked, written & {SESSIONS})
        written = written - {SESSIONS}
        if not written:
            return
        connection.check_constraints()
        if answer.status >= 400:
            written = written - COUNTED.get(asked.path, set())
            # What is asked of the job queues is told before it is done, and may turn out to be asked of none.
            written = written - (AUDIT if asked.path.startswith("/admin/django_rq/") else set())
            changed = sorted(table for table in written if self._writers.changed(table))
            if changed:
                yield f"refused with {answer.status}, and stored in {', '.join(changed)}"
            return
        yield from self._writers.wrong(actor, asked, written)
        yield from self._of_history()
        yield from _of_values()

    def _of_history(self) -> Iterator[str]:
        chains: dict[int, list[tuple[int, str, str]]] = {}
        for visit, *link in VisitEvent.objects.order_by("sequence").values_list("visit", *LINK):
            chains.setdefault(visit, []).append(tuple(link))
        for visit, state in Visit.objects.values_list("pk", "state"):
            yield from _of_visit(visit, state, chains.get(visit, []))
        new = VisitEvent.objects.filter(pk__gt=self._last_event).select_related("visit")
        for clinic in Clinic.objects.select_related("topic"):
            events = [event for event in new if event.visit.clinic_id == clinic.pk]
            before = self._versions.get(clinic.topic_id, 1)
            if clinic.topic.version < before + len(events):
                yield f"{len(events)} events, and the version went from {before} to {clinic.topic.version}"
            owed = Delivery.objects.filter(event__in=events).count()
            told = [event for event in events if not is_untold(event.verb, event.from_state)]
            if owed != len(told) * clinic.destinations.count():
                yield f"{len(told)} events to tell, and {owed} deliveries"


def _of_refusal(actor: str, asked: Request, answer: Answer) -> Iterator[str]:
    if not answer.body:
        yield f"an empty page with {answer.status}"
    if not answer.is_html:
        return
    if "data-build=" not in answer.text and "id_username" not in answer.text and "user-tools" not in answer.text:
        yield f"a page with {answer.status} that is not ours"
    chose_spanish = asked.speaks == "es" and asked.path.startswith("/kiosk/")
    if chose_spanish and '<html lang="es"' not in answer.text:
        yield f"a page with {answer.status} in another language than the patient's"


def _of_visit(visit: int, state: str, chain: list[tuple[int, str, str]]) -> Iterator[str]:
    if [sequence for sequence, _before, _after in chain] != list(range(1, len(chain) + 1)) or not chain:
        yield f"visit {visit}: events {chain}"
        return
    states = ["", *(after for _sequence, _before, after in chain)]
    if [before for _sequence, before, _after in chain] != states[:-1] or state != states[-1]:
        yield f"visit {visit}: its events do not lead to {state}"


def _of_values() -> Iterator[str]:
    """What no form should have let through."""
    for visit in Visit.objects.order_by("-pk")[:3]:
        names = f"{visit.given_name}{visit.family_name}{visit.answered_by}"
        if BAD_IN_A_NAME.search(names) or not visit.family_name.strip():
            yield f"stored the name {names!r}"
        if visit.birth_date > timezone.localdate() + timedelta(days=1) or visit.birth_date.year < 1890:
            yield f"stored the birth {visit.birth_date}"
        if visit.phone and not re.fullmatch(r"\+[0-9]{3,19}", visit.phone):
            yield f"stored the phone {visit.phone!r}"
        if visit.language not in dict(settings.LANGUAGES):
            yield f"stored the language {visit.language!r}"
