"""Tries a destination step by step, so that whoever sets it up is told what is wrong, and what to do about it."""

from __future__ import annotations

import copy
import logging
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import BoundedSemaphore
from time import monotonic
from typing import Any

from clinic import sealed
from clinic.integrations import addresses, guard, http, kinds
from clinic.integrations.parcel import NotDelivered
from clinic.integrations.places import NoPlace, Place, place_of
from clinic.integrations.probe_advice import ADVICE, Stage, certificate_words
from clinic.models import Destination
from realtime import deadline

logger = logging.getLogger(__name__)

SECONDS = 10.0
STEP_SECONDS = 3.0
# Of the threads that serve pages, so many may wait for other systems.
_places = BoundedSemaphore(2)


class Failed(Exception):
    """A step came to nothing; the text says how. `advice`: when it is not the stage's own."""

    def __init__(self, why: str, advice: str = "") -> None:
        super().__init__(why)
        self.advice = advice


@dataclass
class Report:
    """`found`: what is well, in order. `problem`, `advice`: what is not, and what to do; "" when all is well."""

    found: list[str] = field(default_factory=list)
    stage: Stage = Stage.ADDRESS
    problem: str = ""
    advice: str = ""

    @property
    def is_well(self) -> bool:
        return not self.problem


def probe(destination: Destination) -> Report:
    """Looks the name up, connects, speaks TLS and asks the protocol's own test; within SECONDS in all.

    Sends nothing about a patient. For pages: reads what it needs of the destination before it begins.
    """
    report = Report()
    if not _places.acquire(blocking=False):
        return _ended(report, "other tests are running", "Try again in ten seconds.")
    try:
        return _probe(_detached(destination), report)
    finally:
        _places.release()


def _detached(destination: Destination) -> Destination:
    """A copy that asks for no row: its thread has no database. Its own time-out fits in what is left for it."""
    copied = copy.copy(destination)
    copied.clinic = destination.clinic
    copied.seconds = min(destination.seconds, max(1, int(SECONDS) - 1))
    return copied


def _probe(destination: Destination, report: Report) -> Report:
    try:
        guard.within(SECONDS, lambda: _steps(destination, report), addresses.must_be_allowed)
    except Failed as problem:
        return _ended(report, str(problem), problem.advice)
    except deadline.Exhausted:
        return _ended(report, "too many earlier tests still hang", "Try again in a minute.")
    except deadline.DeadlineMissed:
        return _ended(report, f"nothing more came within {SECONDS:g} s")
    return report


def _ended(report: Report, problem: str, advice: str = "") -> Report:
    # A copy: a thread that was left behind may still write to the other.
    return Report(list(report.found), report.stage, problem, advice or ADVICE[report.stage])


def _steps(destination: Destination, report: Report) -> None:
    with _in_words():
        place = place_of(destination.kind, destination.url)
        found = _look_up(place, report)
        with _connect(found, place, report) as connection:
            if place.has_tls:
                _speak_tls(connection, destination, place, report)
        report.stage = Stage.PROTOCOL
        report.found += kinds.SENDERS[destination.kind].check(destination)


@contextmanager
def _in_words() -> Iterator[None]:
    try:
        yield
    except Failed:
        raise
    except (NotDelivered, NoPlace, sealed.Unreadable) as problem:
        raise Failed(str(problem)) from None
    except addresses.NotAllowed as problem:
        raise Failed(str(problem), ADVICE[Stage.ALLOWED]) from None
    except Exception as error:
        logger.error("a connection could not be tested: %s", type(error).__name__, exc_info=error)
        raise Failed(f"the test itself failed: {type(error).__name__}", "Tell whoever runs this server.") from None


def _look_up(place: Place, report: Report) -> list[Any]:
    report.stage = Stage.NAME
    try:
        rows = socket.getaddrinfo(place.host, place.port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        why = getattr(error, "strerror", None) or "that is no name"
        raise Failed(f"the name {place.host} leads nowhere: {why}") from None
    found = list(dict.fromkeys(row[4] for row in rows))
    report.found.append(f"{place.host} is {' and '.join(str(address[0]) for address in found)}.")
    report.stage = Stage.ALLOWED
    for address in found:
        addresses.must_be_allowed(address)
    report.found.append("This server may connect to it.")
    return found


def _connect(found: list[Any], place: Place, report: Report) -> socket.socket:
    report.stage, problem = Stage.CONNECT, ""
    for address in found:
        began = monotonic()
        try:
            connection = socket.create_connection(address[:2], timeout=STEP_SECONDS)
        except TimeoutError:
            problem = f"{address[0]} did not answer on port {place.port} within {STEP_SECONDS:g} s"
        except OSError as error:
            problem = f"{address[0]}, port {place.port}: {http.reason(error)}"
        else:
            report.found.append(f"It answers on port {place.port} (in {(monotonic() - began) * 1000:.0f} ms).")
            return connection
    raise Failed(problem)


def _speak_tls(connection: socket.socket, destination: Destination, place: Place, report: Report) -> None:
    report.stage = Stage.TLS
    context = http.tls(destination)
    try:
        with context.wrap_socket(connection, server_hostname=place.host) as secure:
            report.found.append(f"{secure.version()}: {certificate_words(secure.getpeercert())}")
    except TimeoutError:
        raise Failed(f"it did not answer our TLS greeting within {STEP_SECONDS:g} s") from None
    except (ssl.SSLError, OSError) as error:
        raise Failed(f"TLS with it failed: {http.reason(error)}") from None
