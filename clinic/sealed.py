"""Secrets as they lie in the database: encrypted, and readable only with the installation's own key."""

from __future__ import annotations

import base64
import json
from dataclasses import asdict, dataclass
from functools import cache

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

PURPOSE = b"evenkeel: secrets of destinations"


class Unreadable(Exception):
    """It was encrypted with another key: somebody must set the secrets again."""


@dataclass(frozen=True)
class Secrets:
    """What one destination needs to prove who we are. `signing`: of webhooks, the newest first."""

    signing: tuple[str, ...] = ()
    token: str = ""
    private_key: str = ""


def seal(secrets: Secrets) -> str:
    """The encrypted text of these secrets."""
    return _keys(_material()).encrypt(json.dumps(asdict(secrets)).encode()).decode()


def unseal(text: str) -> Secrets:
    """The secrets of an encrypted text; none of an empty one. Raises Unreadable."""
    if not text:
        return Secrets()
    try:
        found = json.loads(_keys(_material()).decrypt(text.encode()))
    except InvalidToken:
        raise Unreadable("its secrets were kept under another EVENKEEL_SECRET_KEY: set them again") from None
    return Secrets(**{**found, "signing": tuple(found["signing"])})


def _material() -> tuple[str, ...]:
    return (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)


@cache
def _keys(material: tuple[str, ...]) -> MultiFernet:
    """The newest encrypts, each decrypts."""
    return MultiFernet([Fernet(_derive(secret)) for secret in material])


def _derive(secret: str) -> bytes:
    key = HKDF(algorithm=SHA256(), length=32, salt=None, info=PURPOSE).derive(secret.encode())
    return base64.urlsafe_b64encode(key)
