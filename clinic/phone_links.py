"""The link to the page on a patient's phone: made again from the visit whenever it is shown, and never stored."""

from __future__ import annotations

import base64

from django.conf import settings
from django.urls import reverse
from django.utils.crypto import salted_hmac

from clinic import proofs
from clinic.digests import digest
from clinic.models import Visit

SALT = "clinic.phone_links"
PURPOSE = "phone link"
# With their proof 144 bits that nobody can tell from chance, so guesses need no limit: a million of them a second,
# with a million links alive, would go on for longer than the universe has.
BODY_BYTES = 12


def new_hash(visit: Visit) -> str:
    """What a check-in keeps of the visit's link."""
    return digest(_token(visit, settings.SECRET_KEY))


def link(visit: Visit) -> str:
    """The whole address; empty where there is none, as after the key that made it was taken away."""
    tokens = (_token(visit, key) for key in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS))
    token = next((token for token in tokens if digest(token) == visit.phone_hash), "")
    return settings.PUBLIC_URL + reverse("phone:page", args=[token]) if token else ""


def is_proven(token: str) -> bool:
    """Whether we made it: of the links of a release before this one that is not known."""
    return proofs.is_proven(PURPOSE, token)


def _token(visit: Visit, key: str) -> str:
    mac = salted_hmac(SALT, str(visit.public_id), secret=key, algorithm="sha256").digest()
    return proofs.with_proof(PURPOSE, base64.urlsafe_b64encode(mac[:BODY_BYTES]).decode(), key)
