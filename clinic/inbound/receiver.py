"""Takes one message from a schedule: once, whole, and kept with what became of it. The answer is made before.

The clinic's lock, the visit, its history, the message and our answer to it are one transaction: whoever gets no
answer may send the same again, and gets this one.
"""

from __future__ import annotations

import hashlib
import logging
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db import InterfaceError, OperationalError, transaction
from django.db.models import QuerySet

from clinic import clock
from clinic.inbound import appointments, siu
from clinic.inbound.acknowledgements import ERROR, REJECTED, TAKEN, Verdict, acknowledge
from clinic.integrations import charsets, er7
from clinic.models import Clinic, InboundMessage, Visit
from clinic.services import Actor, bookings
from clinic.services.bookings import Became
from realtime import notices

logger = logging.getLogger(__name__)

# Some senders begin their numbers anew, each day or each week.
IDS_ARE_UNIQUE_FOR = timedelta(hours=12)
NO_SUCH_KEY, SAME_KEY, OUR_FAULT = "204", "205", "207"
CHANGED_NOTHING = {
    Became.ARRIVED: "the patient has arrived already: nothing was changed",
    Became.CALLED_OFF: "the booking was called off here: nothing was changed",
    Became.UNKNOWN: "no booking with this id is known: nothing was changed",
}
Outcome = InboundMessage.Outcome


@dataclass(frozen=True)
class Letter:
    """A message as it came, and as far as it can be read. `problem`: why it is no HL7."""

    data: bytes
    message: er7.Message | None
    problem: str = ""

    @property
    def sender(self) -> str:
        return f"{self.head(3)}|{self.head(4)}"[:200]

    @property
    def control_id(self) -> str:
        return self.head(10)

    @property
    def digest(self) -> str:
        return hashlib.sha256(self.data).hexdigest()

    @property
    def text(self) -> str:
        """As it came; what a database cannot keep is replaced."""
        codec = charsets.codec(self.head(18)) or "utf-8"
        return self.data.decode(codec, "replace").replace("\x00", "\ufffd")

    def head(self, field: int, component: int = 1) -> str:
        """Of its MSH, fit to be kept."""
        text = self.message.get("MSH", field, component) if self.message else ""
        return text[:199].replace("\x00", "\ufffd").strip()


@dataclass(frozen=True)
class Result:
    """What became of it."""

    verdict: Verdict
    visit: Visit | None = None

    @property
    def outcome(self) -> str:
        if self.verdict.code != TAKEN:
            return Outcome.REFUSED
        return Outcome.IGNORED if self.verdict.reason else Outcome.ACCEPTED


def receive(data: bytes) -> bytes | None:
    """The acknowledgement, once all is committed; None for what is itself one.

    Raises a database error when the database is away: then there is no answer, and the sender sends it again.
    """
    letter = _open(data)
    if letter.message and letter.message.all("MSA"):
        logger.info("an acknowledgement came where messages are taken: not answered")
        return None
    return er7.to_bytes(_take(letter))


def _open(data: bytes) -> Letter:
    try:
        return Letter(data, er7.parse(data))
    except er7.NotHL7 as problem:
        why = str(problem)
    try:
        return Letter(data, er7.parse(data, is_lenient=True), why)
    except er7.NotHL7:
        return Letter(data, None, why)


def _take(letter: Letter) -> str:
    clinic = _clinic(letter)
    with transaction.atomic():
        if clinic:
            # Before the look-up: the same may come over two connections at once.
            notices.lock(clinic.topic_id)
        same = _taken(letter)
        if known := same.filter(digest=letter.digest).first():
            return known.answer
        if same.filter(received_at__gte=clock.now() - IDS_ARE_UNIQUE_FOR).exists():
            result = Result(Verdict(ERROR, "MSH-10: another message came under this control id", SAME_KEY))
        else:
            result = _safely(letter, clinic)
        return _keep(letter, clinic, result)


def _taken(letter: Letter) -> QuerySet[InboundMessage]:
    """What was taken under this sender's control id. What was refused may come again, put right by either side."""
    taken = InboundMessage.objects.exclude(outcome=Outcome.REFUSED)
    return taken.filter(sender=letter.sender, control_id=letter.control_id) if letter.control_id else taken.none()


def _clinic(letter: Letter) -> Clinic | None:
    """Whose MSH-6 it is: the facility that a clinic has set, else the short name of one that has set none."""
    facility = letter.head(6)
    if not facility:
        return None
    by_slug = Clinic.objects.filter(hl7_facility="", slug=facility)
    return Clinic.objects.filter(hl7_facility=facility).first() or by_slug.first()


def _keep(letter: Letter, clinic: Clinic | None, result: Result) -> str:
    answer = acknowledge(letter.message, result.verdict)
    became: dict[str, Any] = {
        "clinic": clinic,
        "received_at": clock.now(),
        "type": "^".join(filter(None, (letter.head(9), letter.head(9, 2))))[:20],
        "text": letter.text,
        "answer": answer,
        "outcome": result.outcome,
        "reason": result.verdict.reason[:200],
        "visit": result.visit,
    }
    kept, _is_new = InboundMessage.objects.update_or_create(
        sender=letter.sender, control_id=letter.control_id, digest=letter.digest, defaults=became
    )
    about = {"visit": result.visit.public_id} if result.visit else None
    logger.info("inbound message %s: %s", kept.pk, kept.outcome, extra=about)
    return answer


def _safely(letter: Letter, clinic: Clinic | None) -> Result:
    """What fails on our side must not come again for ever: it is kept for somebody to look at."""
    try:
        with transaction.atomic():
            return _result(letter, clinic)
    except siu.Unusable as no:
        return Result(Verdict(REJECTED if no.is_not_ours else ERROR, str(no), no.code))
    except (OperationalError, InterfaceError):
        raise
    except Exception:
        logger.exception("an inbound message could not be processed")
        return Result(Verdict(ERROR, "it could not be processed here", OUR_FAULT))


def _result(letter: Letter, clinic: Clinic | None) -> Result:
    if letter.problem or letter.message is None:
        return Result(Verdict(REJECTED, f"it cannot be read: {letter.problem}", siu.WRONG))
    if not letter.control_id:
        raise siu.Unusable("MSH-10 is empty: every message needs its control id", siu.MISSING)
    if clinic is None:
        return Result(Verdict(ERROR, "MSH-6 names no clinic here", NO_SUCH_KEY))
    return _do(clinic, siu.read(letter.message, clinic))


def _do(clinic: Clinic, word: siu.Booked | siu.Ended) -> Result:
    if isinstance(word, siu.Ended):
        done = bookings.end(clinic, word.booking_id, word.verb, by=Actor())
    elif appointments.is_past(clinic, word.appointment.booked_for):
        # A schedule that was kept waiting for a day must not be stopped by what nobody can put right.
        return Result(Verdict(TAKEN, "its day is past: nothing was changed"))
    else:
        done = bookings.put(clinic, word.appointment, by=Actor(), is_new=word.is_new)
    return Result(Verdict(TAKEN, CHANGED_NOTHING.get(done.became, "")), done.visit)
