"""The only writer of what people decide about deliveries: sent again, skipped, and whose data was looked at.

Each holds the destination's row, as the engine does when it claims and settles: nothing is on its way meanwhile
that was not before. Key and body never change, so that what takes messages twice can tell that they are the same.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from clinic import audit, clock
from clinic.integrations import jobs, kinds
from clinic.integrations.triggers import trigger_of
from clinic.models import Delivery, Destination, EngineEvent
from clinic.models.deliveries import GIVE_UP_AFTER
from clinic.services import looks
from clinic.services.actors import Actor, AlreadyDone, Refused, short_name

State, Verb = Delivery.State, EngineEvent.Verb


@dataclass(frozen=True)
class Range:
    """Which messages of a destination: those given up, and also the delivered ones if `delivered`.

    `since` and `until`: when they came to be owed, both included; None for no bound. `failure`: of those given up
    only what failed so, by Delivery.Failure or "" for no cause known; None for all.
    """

    since: datetime | None = None
    until: datetime | None = None
    delivered: bool = False
    failure: str | None = None


@dataclass(frozen=True)
class Preview:
    """What a range holds now. `followers`: later ones of the same visits, which go again behind them.

    `latest`: of what staff did here last, 0 for nothing: says whether somebody acts between look and confirmation.
    """

    chosen: int
    followers: int
    latest: int

    @property
    def count(self) -> int:
        return self.chosen + self.followers


def preview(destination: Destination, which: Range) -> Preview:
    """Changes nothing."""
    chosen = _chosen(destination, which)
    return Preview(chosen.count(), _followers(destination, chosen).count(), _latest(destination))


def resend(delivery: Delivery, *, by: Actor, reason: str, seen: int) -> int:
    """Sends one again at its place in the order of its visit, with those of the visit delivered after it.

    One that waits is tried at once. `seen`: the row's fence when the person looked. Returns how many go again.
    Raises Refused, and AlreadyDone when somebody or the engine was first.
    """
    reason = _words(reason)
    with transaction.atomic():
        destination = _lock(delivery.destination)
        row = _settled(delivery, seen)
        if _is_next(row, destination, clock.now()):
            raise AlreadyDone("It waits to be sent already: it goes as soon as its turn comes.")
        return _send_again(destination, Delivery.objects.filter(pk=row.pk), by, reason, row)


def resend_range(destination: Destination, which: Range, *, by: Actor, reason: str, latest: int) -> int:
    """Sends a range again, in order. `latest`: as the preview said. Returns how many. Raises as `resend` does."""
    reason = _words(reason)
    with transaction.atomic():
        destination = _lock(destination)
        _must_be_first(destination, latest)
        return _send_again(destination, _chosen(destination, which), by, reason, None)


def skip(delivery: Delivery, *, by: Actor, reason: str, seen: int) -> None:
    """Takes it out of the way: it is never sent, and later ones of its visit go on. Raises as `resend` does."""
    reason = _words(reason)
    with transaction.atomic():
        destination = _lock(delivery.destination)
        row = _settled(delivery, seen)
        if row.state not in (State.PENDING, State.DEAD):
            raise AlreadyDone(f"It is not in the way: {row.get_state_display().lower()}.")
        Delivery.objects.filter(pk=row.pk).update(state=State.SKIPPED, leased_until=None)
        _note(destination, Verb.SKIP, by, reason, delivery=row)
        _ask(destination)


def reveal(delivery: Delivery, *, by: Actor, reason: str) -> None:
    """Writes down who looks at a patient's data, and why: before anything is shown. Raises Refused."""
    with transaction.atomic():
        _note(delivery.destination, Verb.REVEAL, by, _words(reason), delivery=delivery)
        looks.note(delivery.visit, by=by, at="message")


def _words(reason: str) -> str:
    """Raises Refused when there are none."""
    words = " ".join(reason.split())[:200]
    if not words:
        raise Refused("Say why, in a few words: the next person on call will read it.")
    return words


def _lock(destination: Destination) -> Destination:
    return Destination.objects.select_for_update(no_key=True).get(pk=destination.pk)


def _settled(delivery: Delivery, seen: int) -> Delivery:
    """The row as it is now, not on its way, and as the person saw it."""
    row = Delivery.objects.select_related("event__visit").get(pk=delivery.pk)
    if row.state == State.PENDING and row.leased_until is not None and row.leased_until >= clock.now():
        raise Refused("It is being sent at this moment. Look again in a few seconds.")
    if row.fence != seen or row.state != delivery.state:
        raise AlreadyDone(f"It has changed since you looked: {row.get_state_display().lower()} now.")
    return row


def _is_next(row: Delivery, destination: Destination, now: datetime) -> bool:
    """Whether it would be tried now anyway, as far as its own state and the destination's go."""
    is_called_later = destination.next_probe_at is not None and destination.next_probe_at > now
    return row.state == State.PENDING and row.next_try_at <= now and not is_called_later


def _chosen(destination: Destination, which: Range) -> QuerySet[Delivery]:
    wanted = Q(state=State.DEAD) if which.failure is None else Q(state=State.DEAD, last_failure=which.failure)
    rows = destination.deliveries.filter(wanted | Q(state=State.DELIVERED) if which.delivered else wanted)
    if which.since:
        rows = rows.filter(created_at__gte=which.since)
    return rows.filter(created_at__lte=which.until) if which.until else rows


def _followers(destination: Destination, chosen: QuerySet[Delivery]) -> QuerySet[Delivery]:
    """What was delivered after one of these, of its visit: an old state must not be the last that is heard."""
    before = chosen.filter(visit=OuterRef("visit"), pk__lt=OuterRef("pk"))
    later = destination.deliveries.filter(Exists(before), state=State.DELIVERED, visit__in=chosen.values("visit"))
    return later.exclude(pk__in=chosen.values("pk"))


def _send_again(
    destination: Destination, chosen: QuerySet[Delivery], by: Actor, reason: str, one: Delivery | None
) -> int:
    _must_be_still(destination, chosen)
    unmade = _compose(destination, chosen.filter(body=""))
    chosen = chosen.exclude(body="")
    pks = [*chosen.values_list("pk", flat=True), *_followers(destination, chosen).values_list("pk", flat=True)]
    if not pks:
        raise Refused(unmade or "There is nothing to send again: somebody was first, or the range is empty.")
    _owe_anew(pks, clock.now())
    _note(destination, Verb.RESEND, by, reason, delivery=one, count=len(pks))
    # A person has just said that things are different: it is tried at once.
    Destination.objects.filter(pk=destination.pk).update(next_probe_at=None)
    _ask(destination)
    return len(pks)


def _must_be_still(destination: Destination, chosen: QuerySet[Delivery]) -> None:
    """A later message of the same visit that is on its way now would arrive before these."""
    flying = destination.deliveries.filter(state=State.PENDING, leased_until__gte=clock.now())
    if flying.filter(visit__in=chosen.values("visit")).exists():
        raise Refused("A message of the same visit is being sent at this moment. Look again in a few seconds.")


def _owe_anew(pks: list[int], now: datetime) -> None:
    """A whole new set of tries. `fence` goes on counting all that there ever were."""
    changes = {
        "state": State.PENDING,
        "attempts": 0,
        "errors": 0,
        "next_try_at": now,
        "give_up_at": now + GIVE_UP_AFTER,
        "leased_until": None,
        "last_failure": "",
        "delivered_at": None,
    }
    for start in range(0, len(pks), 500):
        Delivery.objects.filter(pk__in=pks[start : start + 500]).update(**changes)


def _compose(destination: Destination, empty: QuerySet[Delivery]) -> str:
    """Makes the messages that could not be made before; what still stands in the way, in words, or ""."""
    problem = ""
    for row in empty.select_related("event__visit__clinic", "event__visit__room"):
        trigger = trigger_of(row.event)
        try:
            body = kinds.compose(destination, row.event, trigger, row.key) if trigger else None
        except Exception as error:
            problem = f"The message still cannot be made: {type(error).__name__}."
            continue
        if body is None:
            problem = "By its mapping this destination is not sent this any more: skip it."
            continue
        Delivery.objects.filter(pk=row.pk).update(body=body)
    return problem


def _latest(destination: Destination) -> int:
    return destination.events.values_list("pk", flat=True).first() or 0


def _must_be_first(destination: Destination, latest: int) -> None:
    done = destination.events.filter(Q(verb=Verb.RESEND) | Q(verb=Verb.SKIP), pk__gt=latest).first()
    if done is not None:
        who = short_name(done.user) if done.user else "The system"
        raise AlreadyDone(
            f"{who} was first: {done.get_verb_display().lower()}, {done.count}. Look at what is left."
        )


def _note(
    destination: Destination,
    verb: EngineEvent.Verb,
    by: Actor,
    reason: str,
    *,
    delivery: Delivery | None = None,
    count: int = 1,
) -> None:
    EngineEvent.objects.create(
        destination=destination, delivery=delivery, verb=verb, count=count, user=by.user, reason=reason,
        at=clock.now(),
    )  # fmt: skip
    of = ("delivery", delivery.key) if delivery else ("destination", destination.pk)
    audit.write(destination.clinic_id, f"delivery.{verb}", by=by.who, of=of, detail={"count": count})


def _ask(destination: Destination) -> None:
    # A lambda: Django's report of a robust callback that failed fails itself on a partial.
    transaction.on_commit(lambda: jobs.ask_soon(destination), robust=True)
