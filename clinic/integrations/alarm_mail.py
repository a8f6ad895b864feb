"""The mails of alarms. In our own words alone: what another system said may hold a patient's name."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.core.mail import EmailMessage, get_connection

from clinic.integrations.troubles import FAILING, GIVEN_UP, SILENT, Standing, messages, since_words, waiting
from clinic.models import Delivery
from clinic.models.deliveries import Failure


@dataclass(frozen=True)
class Mail:
    to: str
    subject: str
    text: str


def trouble(standing: Standing, now: datetime) -> Mail:
    """What is wrong, since when, what it means, and what to do."""
    name = _name(standing)
    facts = [fact for fact in (_since(standing, now), _stopped(standing), _given_up(standing)) if fact]
    said = [f"{name} {brief}{more}." for brief, more in facts]
    text = "\n\n".join([*said, _reason(standing, now), _what_to_do(standing)])
    return Mail(standing.destination.clinic.technical_email, _line(f"{name} {facts[0][0]}"), text)


def over(standing: Standing) -> Mail:
    """It is well, or somebody has seen to it."""
    destination = standing.destination
    waits = messages(standing.owed.waiting, "waits", "wait")
    if destination.is_paused:
        fact = f"is paused: {waits} until somebody resumes it"
    elif standing.owed.waiting and (destination.is_ill or standing.failing_since):
        fact = f"has nothing given up any more. It has not taken all yet: {waits}, and will go by itself"
    else:
        fact = "is well again, and nothing is given up. What still waits goes by itself"
    text = f"{_name(standing)} {fact}.\n\nIts page: {_page(standing)}\n"
    return Mail(destination.clinic.technical_email, _line(f"{_name(standing)}: over"), text)


def send(mail: Mail) -> None:
    """Raises OSError, of which smtplib.SMTPException is one."""
    connection = get_connection()
    EmailMessage(mail.subject, mail.text, settings.DEFAULT_FROM_EMAIL, [mail.to], connection=connection).send()


def _since(standing: Standing, now: datetime) -> tuple[str, str] | None:
    """Of one that is silent, or answers and takes nothing."""
    since = standing.silent_since or standing.failing_since
    if since is None or not standing.troubles(now) & {SILENT, FAILING}:
        return None
    more = f", since {since:%Y-%m-%d %H:%M} UTC: {waiting(standing.owed.waiting)}. "
    when = "answers" if standing.silent_since else "takes them"
    more += f"They go by themselves when it {when}, up to 72 hours after they were made"
    return since_words(standing.destination, standing.owed, now), more


def _stopped(standing: Standing) -> tuple[str, str] | None:
    if not standing.has_stopped:
        return None
    return "asked for no more messages", f", and was paused: {waiting(standing.owed.waiting)}"


def _given_up(standing: Standing) -> tuple[str, str] | None:
    owed = standing.owed
    if not owed.given_up:
        return None
    more = f", and we gave up. The oldest is of {owed.oldest_given_up:%Y-%m-%d %H:%M} UTC. None is lost: each is "
    more += "kept, and holds back the later ones of its visit, until somebody sends it again or skips it"
    return f"did not take {messages(owed.given_up)}", more


def _reason(standing: Standing, now: datetime) -> str:
    """Of what the mail is about first: the last call, or the newest message that was given up."""
    is_given_up = standing.troubles(now) == {GIVEN_UP}
    state = Delivery.State.DEAD if is_given_up else Delivery.State.PENDING
    tried = standing.destination.deliveries.filter(state=state).exclude(last_failure="")
    failure = tried.order_by("-pk").values_list("last_failure", flat=True).first()
    return f"Why, at the last try: {Failure(failure).label}." if failure else "It was not tried yet."


def _what_to_do(standing: Standing) -> str:
    admin = f"{settings.PUBLIC_URL}/admin/clinic/destination/{standing.destination.pk}/change/"
    return (
        f"What to do:\n"
        f"1. Look at it: {_page(standing)}\n"
        f'2. Press "Test connection", which says what is wrong: {admin}\n'
        f"3. Ask the people who run the other system. If it will be away for long, pause it there.\n"
        f"4. When it is well, send again on the first page what was given up. What waits goes by itself.\n\n"
        f"Patients can check in as always. The next mail about this comes in an hour at the soonest.\n"
    )


def _page(standing: Standing) -> str:
    return f"{settings.PUBLIC_URL}/ops/engine/{standing.destination.pk}/"


def _name(standing: Standing) -> str:
    return f"{standing.destination.name} ({standing.destination.clinic.name})"


def _line(text: str) -> str:
    """A subject has one line; a name could hold several."""
    return " ".join(text.split())[:150]
