"""Pairing by a short code, after RFC 8628: a browser shows it, somebody at the desk enters it.

The browser keeps a secret, of which only the digest is stored. When its code has been entered, the secret is the
token of the device that it has become: there is nothing more to hand over, so no answer can be lost on the way.
"""

from __future__ import annotations

import secrets
from datetime import timedelta
from math import ceil

from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from clinic import audit, clock, proofs
from clinic.digests import digest
from clinic.models import Clinic, Device, DeviceReport, Pairing, WrongCode
from clinic.models.devices import FINDING_LETTERS
from clinic.services.actors import Refused
from realtime import notices

# No vowels, so that no code is a word; none of Q, V and Y, which are taken for O, U and each other.
LETTERS = "BCDFGHJKLMNPRSTWXZ"
CODE_LETTERS = 8
CODE_LIFE = timedelta(minutes=10)
MOST_OPEN, MOST_AT_ONE_ADDRESS = 300, 30
# That a pairing takes, and that a person may make within GUESSES_COUNT_FOR.
MOST_GUESSES = 5
GUESSES_COUNT_FOR = timedelta(minutes=10)
# A form that is sent twice is sent again within this time.
REPEATED_WITHIN = timedelta(minutes=1)
TRIES = 10
PURPOSE = "pairing"


def is_proven(secret: str) -> bool:
    """Whether a browser has it from us."""
    return proofs.is_proven(PURPOSE, secret)


def standing(kind: str, secret: str) -> Pairing | None:
    """The pairing that this browser waits for, while its code is good."""
    if not secret:
        return None
    return Pairing.objects.filter(kind=kind, secret_hash=digest(secret), ends_at__gt=clock.now()).first()


def offer(kind: str, address: str) -> tuple[Pairing, str]:
    """A new code, and the secret of the browser that shows it. Refused while too many ask, or too many there.

    `address`: the network that it asks from.
    """
    now = clock.now()
    is_open = Pairing.objects.filter(ends_at__gt=now)
    if is_open.filter(address=address).count() >= MOST_AT_ONE_ADDRESS or is_open.count() >= MOST_OPEN:
        raise too_many()
    Pairing.objects.filter(ends_at__lte=now).delete()
    secret = proofs.with_proof(PURPOSE, secrets.token_urlsafe(32))
    asks = Pairing(kind=kind, secret_hash=digest(secret), address=address, ends_at=now + CODE_LIFE)
    for _try in range(TRIES):
        asks.code = "".join(secrets.choice(LETTERS) for _n in range(CODE_LETTERS))
        try:
            with transaction.atomic():
                asks.save(force_insert=True)
        except IntegrityError:
            # The finding half of another one.
            continue
        return asks, secret
    raise too_many()


def too_many() -> Refused:
    """More ask than can be at one address, or in all."""
    return Refused(_("Too many screens ask to be paired right now."))


def enter(clinic: Clinic, written: str, by: User, *, replaces: Device | None = None, name: str = "") -> Device:
    """The browser that shows this code becomes this device of the clinic, or a new one of this name.

    Whatever was the device before is locked out. Refused in the same words whether the code is wrong, used or too
    old; and without a look at it when somebody has guessed too often. Whoever enters a code twice, one right after
    the other, has paired the device once.
    """
    code = letters_of(written)
    with transaction.atomic():
        topic = notices.lock(clinic.topic_id)
        if device := _just_paired(clinic, code, by):
            return device
        _refuse_guessers(by)
        if asks := _proven(code, by):
            device = _device(clinic, asks.kind, replaces, name)
            device.token_hash, device.paired_at, device.revoked_at = asks.secret_hash, clock.now(), None
            device.paired_by, device.paired_code = by, code
            device.save()
            DeviceReport.objects.filter(device=device).delete()
            asks.delete()
            _tell(device, by)
            notices.announce(topic)
            notices.end_rights(topic)
            return device
        audit.write(clinic.pk, "device.wrong-code", by=audit.staff(by), of=("device", ""))
    raise Refused(_("No screen shows this code now. Please check the letters, or use the code that it shows now."))


def letters_of(written: str) -> str:
    """A code as people write it: in small letters, with a space or a dash."""
    return "".join(char for char in written.upper() if char.isalnum())


def grouped(code: str) -> str:
    """As people read it: BCDF-GHJK."""
    return f"{code[:FINDING_LETTERS]}-{code[FINDING_LETTERS:]}"


def _tell(device: Device, by: User) -> None:
    of = ("device", device.pk)
    audit.write(device.clinic_id, "device.pair", by=audit.staff(by), of=of, detail={"kind": device.kind})


def _just_paired(clinic: Clinic, code: str, by: User) -> Device | None:
    paired = Device.objects.filter(clinic=clinic, paired_by=by, paired_at__gt=clock.now() - REPEATED_WITHIN)
    return paired.filter(paired_code=code, revoked_at=None).first() if code else None


def _refuse_guessers(by: User) -> None:
    # One at a time for each person, so that many guesses at once are counted too.
    User.objects.select_for_update().get(pk=by.pk)
    now = clock.now()
    made = WrongCode.objects.filter(user=by, at__gt=now - GUESSES_COUNT_FOR).order_by("-at")[:MOST_GUESSES]
    if len(made) >= MOST_GUESSES:
        minutes = ceil((made[MOST_GUESSES - 1].at + GUESSES_COUNT_FOR - now).total_seconds() / 60)
        raise Refused(_("Too many wrong codes. Please try again in %(minutes)d min.") % {"minutes": minutes})


def _proven(code: str, by: User) -> Pairing | None:
    """The pairing whose code this is; a wrong guess counts against whoever made it and what it hit."""
    found = Pairing.objects.select_for_update().filter(
        code__startswith=code[:FINDING_LETTERS], ends_at__gt=clock.now()
    )
    asks = found.first() if len(code) == CODE_LETTERS else None
    if asks and secrets.compare_digest(asks.code.encode(), code.encode()):
        return asks
    _count(by, asks)
    return None


def _count(by: User, asks: Pairing | None) -> None:
    now = clock.now()
    WrongCode.objects.filter(at__lte=now - GUESSES_COUNT_FOR).delete()
    WrongCode.objects.create(user=by, at=now)
    if asks and asks.wrong_guesses + 1 >= MOST_GUESSES:
        asks.delete()
    elif asks:
        asks.wrong_guesses += 1
        asks.save(update_fields=["wrong_guesses"])


def _device(clinic: Clinic, kind: str, replaces: Device | None, name: str) -> Device:
    if replaces is None:
        if Device.objects.filter(clinic=clinic, kind=kind, name=name).exists():
            raise Refused(_("There is one of this name already. Please choose it, or write another name."))
        return Device(clinic=clinic, kind=kind, name=name)
    if replaces.kind != kind:
        what = {"kind": Device.Kind(kind).label, "name": replaces}
        raise Refused(_("This code is of another kind of screen (%(kind)s) than “%(name)s”.") % what)
    return Device.objects.get(clinic=clinic, pk=replaces.pk)
