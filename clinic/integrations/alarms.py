"""Tells people when a destination is silent or messages to it were given up: in the log, and by mail.

What is open stands in the destination's row, and what was mailed of it: a mail that could not be sent is owed
until it was. A mail is sent by a job among the low ones, under a deadline: a server that hangs holds nobody.
"""

from __future__ import annotations

import logging
import random
import smtplib
from datetime import datetime, timedelta

from django.conf import settings

from clinic import clock
from clinic.integrations import guard
from clinic.integrations.alarm_mail import Mail, over, send, trouble
from clinic.integrations.troubles import FAILING, GIVEN_UP, SILENT, STOPPED, Standing, quiet, standings
from clinic.models import Destination
from realtime import deadline, job_queues, redis_link

logger = logging.getLogger(__name__)

BETWEEN_MAILS = timedelta(hours=1)
# Among what was mailed: the mail that says that all is over was refused.
OVER_REFUSED = "over_refused"
MAIL_SECONDS = 5.0
# While the mail server is away, only so often is one of all mails tried.
AWAY_KEY, AWAY_SECONDS = "evenkeel:mail:away", 30
WORDS = {
    SILENT: "is {quiet}, and messages wait",
    FAILING: "answers, and takes nothing, and messages wait",
    GIVEN_UP: "did not take messages, which were given up",
    STOPPED: "wants no more messages, and was paused",
}
# It answered, and will not have this one mail.
REFUSED = (smtplib.SMTPRecipientsRefused, smtplib.SMTPSenderRefused, smtplib.SMTPDataError)


def sweep() -> int:
    """Notes and logs what began and what ended; asks for a job for each mail that is owed. How many.

    Raises redis.RedisError, when all is noted.
    """
    now, found = clock.now(), standings()
    # All first: that they are known must not hang on Redis, which the jobs need.
    for standing in found:
        _note(standing.destination, standing.troubles(now))
    # One mailbox whose server hangs makes all wait. In a fixed order it would be the first each time.
    random.shuffle(found)
    return sum(
        job_queues.enqueue_once("low", mail, one.destination.pk) for one in found if owed(one, now) is not None
    )


def owed(standing: Standing, now: datetime) -> Mail | None:
    """The mail that should be sent now: one a trouble, at most one an hour; and one when all is over.

    One that was refused waits for an hour too.
    """
    destination = standing.destination
    if not (settings.SENDS_MAIL and destination.clinic.technical_email):
        return None
    open_now, mailed = standing.troubles(now), set(destination.mailed.split())
    is_soon = destination.alarmed_at is not None and now - destination.alarmed_at < BETWEEN_MAILS
    if not open_now:
        return over(standing) if mailed and not (is_soon and OVER_REFUSED in mailed) else None
    is_new = bool(open_now - mailed) or standing.owed.newest_given_up > destination.given_up_mailed
    return trouble(standing, now) if is_new and not is_soon else None


def mail(destination_pk: int) -> str:
    """Sends what is owed of this destination, as it stands by now. Returns what became of it."""
    job_queues.begun(mail, destination_pk)
    now = clock.now()
    found = next(iter(standings(destination_pk)), None)
    message = owed(found, now) if found else None
    if found is None or message is None:
        return "nothing"
    if redis_link.client().exists(AWAY_KEY):
        return "later"
    try:
        is_sent = _sent(message, found.destination)
    except REFUSED as error:
        logger.error("the mail server refused the alarm of %s: %s", destination_pk, type(error).__name__)
        _keep_refused(found, now)
        return "refused"
    if is_sent:
        _keep(found, now)
    return "sent" if is_sent else "failed"


def _note(destination: Destination, now_open: frozenset[str]) -> None:
    before, mailed = set(destination.alarms.split()), set(destination.mailed.split())
    # What is over and comes back is a new trouble. When all is over, that is still to be mailed.
    still = mailed & now_open if now_open else mailed
    if before == now_open and still == mailed:
        return
    for kind in sorted(now_open - before):
        logger.error(
            "alarm: destination %s %s", destination.pk, WORDS[kind].format(quiet=quiet(destination.last_error))
        )
    for kind in sorted(before - now_open):
        logger.warning("alarm over: destination %s no longer %s", destination.pk, kind)
    destination.alarms, destination.mailed = _text(now_open), _text(still)
    destination.save(update_fields=["alarms", "mailed"])


def _sent(message: Mail, destination: Destination) -> bool:
    try:
        guard.within(MAIL_SECONDS, lambda: send(message))
    except REFUSED:
        raise
    except (OSError, deadline.DeadlineMissed) as error:
        logger.error("the alarm of %s could not be mailed: %s", destination.pk, type(error).__name__)
        redis_link.client().set(AWAY_KEY, 1, ex=AWAY_SECONDS)
        return False
    return True


def _keep(standing: Standing, now: datetime) -> None:
    destination, open_now = standing.destination, standing.troubles(now)
    destination.mailed = _text(open_now)
    destination.given_up_mailed = max(destination.given_up_mailed, standing.owed.newest_given_up)
    if open_now:
        destination.alarmed_at = now
    destination.save(update_fields=["mailed", "given_up_mailed", "alarmed_at"])


def _keep_refused(standing: Standing, now: datetime) -> None:
    destination = standing.destination
    destination.alarmed_at = now
    if not standing.troubles(now):
        destination.mailed = _text({*destination.mailed.split(), OVER_REFUSED})
    destination.save(update_fields=["mailed", "alarmed_at"])


def _text(kinds: frozenset[str] | set[str]) -> str:
    return " ".join(sorted(kinds))
