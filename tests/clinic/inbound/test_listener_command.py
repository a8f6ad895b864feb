"""The listener as a process of its own: how it starts and ends, and that it may be killed at the worst moment."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connection
from django.utils import timezone

from clinic.models import Clinic, InboundMessage, Visit
from realtime import heartbeats
from realtime.heartbeats import BOOKINGS
from tests.clinic.inbound.listening import Sender, listener
from tests.clinic.inbound.messages import siu
from tests.stack import ROOT
from tests.waiting import until

# Listens with this test's database, and dies when it would write its answer.
DIES = """
import os, signal, sys
import django
django.setup()
from django.core.management import call_command
from django.db import connections
from clinic.integrations import mllp
connections.settings["default"]["NAME"] = sys.argv[1]
mllp.frame = lambda answer: os.kill(os.getpid(), signal.SIGKILL)
call_command("hl7_listener", port=0)
"""


@contextmanager
def process(*command: str, **env: str) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """A listener in a process of its own, and its port."""
    whole = [sys.executable, *command]
    env = {**os.environ, "DJANGO_SETTINGS_MODULE": "clinic.settings", **env}
    with subprocess.Popen(whole, cwd=ROOT, env=env, stderr=subprocess.PIPE, text=True) as running:
        try:
            assert running.stderr is not None
            line = next(line for line in running.stderr if "Listening on" in line)
            yield running, int(line.split(":")[1].rstrip(".\n"))
        finally:
            running.kill()


@pytest.mark.django_db(transaction=True)
def test_killed_between_commit_and_answer_it_costs_nothing_but_a_repeat(harbor: Clinic) -> None:
    text = siu(timezone.now() + timedelta(minutes=30))
    with process("-c", DIES, str(connection.settings_dict["NAME"])) as (running, port), Sender(port) as sender:
        sender.send(text)
        assert sender.read() == b""
        assert running.wait(10) == -signal.SIGKILL
    kept = InboundMessage.objects.get()
    with listener() as port, Sender(port) as sender:
        assert sender.ask(text) == kept.answer
    assert Visit.objects.get().events.count() == 1


def test_without_a_database_it_gives_no_answer_and_it_ends_when_told(tmp_path: Path) -> None:
    command = ("manage.py", "hl7_listener", "--port", "0")
    home = {"EVENKEEL_HOME": str(tmp_path), "DATABASE_URL": "", "EVENKEEL_SECRET_KEY": ""}
    with process(*command, **home) as (running, port):
        with Sender(port) as sender:
            sender.send(siu("20300101120000"))
            assert sender.read() == b""
        running.send_signal(signal.SIGTERM)
        assert running.wait(10) == 0


def test_it_is_among_the_processes_that_live_until_it_ends(
    live_redis: Any, valkey_url: str, tmp_path: Path
) -> None:
    home = {"EVENKEEL_HOME": str(tmp_path), "DATABASE_URL": "", "REDIS_URL": valkey_url}
    with process("manage.py", "hl7_listener", "--port", "0", **home) as (running, _port):
        beat = until(lambda: heartbeats.hear().living)[0]
        assert (beat.kind, beat.pid, beat.serves) == ("HL7 listener", running.pid, (BOOKINGS,))
        running.send_signal(signal.SIGTERM)
        assert running.wait(10) == 0
    assert heartbeats.hear().beats == ()


@pytest.mark.parametrize(
    ("options", "why"),
    [
        ({"tls_certificate": "x"}, "TLS needs both"),
        ({"client_ca": "x"}, "TLS needs both"),
        ({"tls_certificate": "/nowhere", "tls_key": "/nowhere"}, "cannot be used"),
        ({"max_connections": 0}, "1 or more"),
        ({"host": "192.0.2.1", "client_ca": ""}, "cannot be listened on"),
    ],
)
def test_command_says_what_is_wrong_with_its_options(options: dict[str, Any], why: str) -> None:
    with pytest.raises(CommandError, match=why):
        call_command("hl7_listener", **options)
