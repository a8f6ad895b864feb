"""Secrets as they lie in the database: encrypted, and readable only with the installation's own key.

Each purpose has a key of its own, derived from that one: what was sealed for one is never read for another.
"""

from __future__ import annotations

import base64
import json
from dataclasses import asdict, dataclass
from functools import cache

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings


class Unreadable(Exception):
    """It was encrypted with another key: somebody must set the secret again. The text says what to do."""


@dataclass(frozen=True)
class Seal:
    """Encrypts for one purpose. `lost`: what to do about what cannot be read any more."""

    purpose: bytes
    lost: str

    def close(self, secret: bytes) -> str:
        """The encrypted text of a secret; never the same one twice."""
        return self._keys().encrypt(secret).decode()

    def open(self, text: str) -> bytes:
        """The secret of an encrypted text. Raises Unreadable."""
        try:
            return self._keys().decrypt(text.encode())
        except InvalidToken:
            raise Unreadable(self.lost) from None

    def renew(self, text: str) -> str:
        """The same secret, encrypted with the newest key. Raises Unreadable."""
        return self.close(self.open(text))

    def _keys(self) -> MultiFernet:
        return _keys(self.purpose, (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS))


DESTINATIONS = Seal(
    b"evenkeel: secrets of destinations",
    "its secrets were kept under another EVENKEEL_SECRET_KEY: set them again",
)
SECOND_STEPS = Seal(
    b"evenkeel: keys of second steps",
    "it was kept under another EVENKEEL_SECRET_KEY: take it away with evenkeel second_step reset USER",
)


@dataclass(frozen=True)
class Secrets:
    """What one destination needs to prove who we are. `signing`: of webhooks, the newest first."""

    signing: tuple[str, ...] = ()
    token: str = ""
    private_key: str = ""


def seal(secrets: Secrets) -> str:
    """The encrypted text of these secrets."""
    return DESTINATIONS.close(json.dumps(asdict(secrets)).encode())


def unseal(text: str) -> Secrets:
    """The secrets of an encrypted text; none of an empty one. Raises Unreadable."""
    if not text:
        return Secrets()
    found = json.loads(DESTINATIONS.open(text))
    return Secrets(**{**found, "signing": tuple(found["signing"])})


@cache
def _keys(purpose: bytes, material: tuple[str, ...]) -> MultiFernet:
    """The newest encrypts, each decrypts."""
    return MultiFernet([Fernet(_derive(purpose, secret)) for secret in material])


def _derive(purpose: bytes, secret: str) -> bytes:
    key = HKDF(algorithm=SHA256(), length=32, salt=None, info=purpose).derive(secret.encode())
    return base64.urlsafe_b64encode(key)
