"""The second step of a log-in: a code from an app on a phone, or one of ten on paper."""

from __future__ import annotations

from base64 import b32encode
from collections.abc import Callable, Iterable, Mapping
from datetime import timedelta
from secrets import token_bytes
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone
from django_otp import DEVICE_ID_SESSION_KEY

from clinic import audit, demo
from clinic.models import Membership, PaperCodes, PhoneKey
from clinic.models.audit import SYSTEM
from clinic.models.second_step import is_digits
from clinic.sealed import Unreadable

PAPER_CODES = 10
# Eight letters and digits on paper.
CODE_BYTES = 5
# Time to find an app, install it and let it read the picture.
OFFERED_FOR = timedelta(minutes=10)
Roles = Callable[[], Iterable[str] | None]
NEEDING = (Membership.Role.MANAGER, Membership.Role.OPS, Membership.Role.AUDITOR)


def is_needed(user: User, roles: Iterable[str] | None = None) -> bool:
    """Whether this person may not go without: whoever sees more than one desk, in any clinic, or the admin.

    `roles`: theirs, where somebody has read them already.
    """
    if settings.DEMO and user.get_username() in demo.USERS.values():
        return False
    if user.is_superuser or user.is_staff:
        return True
    if roles is None:
        roles = Membership.objects.filter(user=user.pk).values_list("role", flat=True)
    return not set(NEEDING).isdisjoint(roles)


def is_missing(user: User, session: Mapping[str, Any], roles: Roles = lambda: None) -> bool:
    """Whether this log-in may not go on without it. Costs nothing where the session says that it was done."""
    return DEVICE_ID_SESSION_KEY not in session and is_needed(user, roles())


def has(user: User) -> bool:
    """Whether it is set up. Then it is asked of everybody, needed or not."""
    return bool(PhoneKey.objects.filter(user=user, confirmed=True).exists())


def is_lost(user: User) -> bool:
    """Whether no code will ever fit: it is kept under a secret key that this installation has no more."""
    key = PhoneKey.objects.filter(user=user, confirmed=True).first()
    return key is not None and not _is_readable(key)


def offered(user: User) -> PhoneKey:
    """The key to set up: the same one for OFFERED_FOR, so that a page may be loaded again. Then another.

    So what somebody saw at a desk that was left open is not what its owner confirms some day.
    """
    with transaction.atomic():
        offer = _open_offer(user)
        if offer is None:
            withdraw(user)
            offer = PhoneKey.objects.create(user=user, name="app", confirmed=False)
        return offer


def withdraw(user: User) -> None:
    """Nothing is offered any more: the next page offers another key."""
    PhoneKey.objects.filter(user=user, confirmed=False).delete()


def confirm(user: User, code: str, old: str = "") -> tuple[str, list[str]] | None:
    """Takes the offered key for this person's only one, if the code is of it: what the session keeps, paper codes.

    They are told this once. `old`: a code of the key that there is, or of its paper. None where one is wrong, or
    comes too soon after a wrong one, or where that key is not offered any more.
    """
    with transaction.atomic():
        offer = _open_offer(user)
        if offer is None or not _fits(offer, plain(code)):
            return None
        if has(user) and not verify(user, old):
            return None
        PhoneKey.objects.filter(user=user, confirmed=True).delete()
        offer.confirmed = True
        offer.save(update_fields=["confirmed"])
        codes = _new_paper_codes(user)
        audit.write(chains_of(user), "login.set-up", by=audit.staff(user), of=("user", user.pk))
        return offer.persistent_id, codes


def verify(user: User, code: str) -> str:
    """What the session keeps of a right code; "" for a wrong one, one used before, or one too soon after those."""
    said = plain(code)
    model: type[PhoneKey | PaperCodes] = PhoneKey if is_digits(said) else PaperCodes
    with transaction.atomic():
        for device in model._default_manager.select_for_update().filter(user=user, confirmed=True):
            if _fits(device, said):
                return str(device.persistent_id)
    return ""


def reset(user: User, *, by: audit.Who) -> bool:
    """Takes it away, for somebody who lost phone and paper: it is set up anew at the next log-in. False: none."""
    with transaction.atomic():
        had, _what = PhoneKey.objects.filter(user=user).delete()
        PaperCodes.objects.filter(user=user).delete()
        if had:
            audit.write(chains_of(user), "login.reset", by=by, of=("user", user.pk))
        return bool(had)


def plain(code: str) -> str:
    """A code as people write it, without what only makes it readable."""
    return "".join(char for char in code.lower() if char.isascii() and char.isalnum())[:20]


def chains_of(user: User) -> list[int]:
    """Where the audit tells of a person: each clinic of theirs, else what concerns no clinic."""
    return list(Membership.objects.filter(user=user.pk).values_list("clinic", flat=True)) or [SYSTEM]


def _open_offer(user: User) -> PhoneKey | None:
    """What is offered now, in a transaction. Two pages that are opened at once find the same."""
    User.objects.select_for_update().get(pk=user.pk)
    offer: PhoneKey | None = PhoneKey.objects.select_for_update().filter(user=user, confirmed=False).first()
    if offer is None or offer.created_at is None or timezone.now() - offer.created_at >= OFFERED_FOR:
        return None
    return offer if _is_readable(offer) else None


def _fits(device: PhoneKey | PaperCodes, said: str) -> bool:
    try:
        return device.verify_token(said)
    except Unreadable:
        return False


def _is_readable(key: PhoneKey) -> bool:
    try:
        return bool(key.key)
    except Unreadable:
        return False


def _new_paper_codes(user: User) -> list[str]:
    PaperCodes.objects.filter(user=user).delete()
    codes = [b32encode(token_bytes(CODE_BYTES)).decode().lower() for _n in range(PAPER_CODES)]
    paper = PaperCodes(user=user, name="paper")
    paper.keep(codes)
    paper.save()
    return codes
