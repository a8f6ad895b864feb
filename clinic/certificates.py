"""Certificates and private keys as people paste them: whether they can be used, and until when."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from datetime import datetime, timedelta

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key
from cryptography.utils import CryptographyDeprecationWarning

WARN_BEFORE = timedelta(days=30)
LONGEST = 30_000


class Useless(ValueError):
    """The text says why, and never repeats what was pasted."""


def read(pem: str) -> Sequence[x509.Certificate]:
    """The certificates in it, in order; one at least. Raises Useless."""
    if "PRIVATE KEY" in pem:
        raise Useless("A private key is in it: paste certificates alone.")
    text = _bytes(pem)
    try:
        with warnings.catch_warnings():
            # What this library grows strict about is for the other side to put right.
            warnings.simplefilter("ignore", CryptographyDeprecationWarning)
            return x509.load_pem_x509_certificates(text)
    except ValueError:
        raise Useless(
            "That is no certificate in PEM: paste the lines from BEGIN CERTIFICATE to END CERTIFICATE."
        ) from None


def check_pair(certificate: str, key: str) -> None:
    """Raises Useless unless the key can be read and is that of the first certificate."""
    pem = _bytes(key)
    try:
        private = load_pem_private_key(pem, password=None)
    except TypeError:
        raise Useless("The private key has a password: save it without one, then paste it.") from None
    except (ValueError, UnsupportedAlgorithm):
        raise Useless("That is no private key in PEM: paste the lines from BEGIN to END PRIVATE KEY.") from None
    form = (Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    if private.public_key().public_bytes(*form) != read(certificate)[0].public_key().public_bytes(*form):
        raise Useless("The private key is not that of the first certificate.")


def ends_at(pem: str) -> datetime:
    """When the first of them to end does, with its time zone. Raises Useless."""
    return min(certificate.not_valid_after_utc for certificate in read(pem))


def words(pem: str, now: datetime) -> str:
    """Until when it is good, or what is wrong with it; "" for none."""
    return warning(pem, now) or (f"Good until {ends_at(pem):%Y-%m-%d}." if pem else "")


def warning(pem: str, now: datetime) -> str:
    """That it ends soon (from WARN_BEFORE on), has ended, or cannot be read; "" when all is well, or for none."""
    if not pem:
        return ""
    try:
        end = ends_at(pem)
    except Useless as no:
        return str(no)
    if end <= now:
        return f"It ended on {end:%Y-%m-%d}. Put a new one in its place."
    if end - now >= WARN_BEFORE:
        return ""
    days = (end - now).days
    return f"It ends on {end:%Y-%m-%d}, in {days} day{'' if days == 1 else 's'}. Get a new one now."


def _bytes(pem: str) -> bytes:
    if len(pem) > LONGEST:
        raise Useless(f"That is longer than {LONGEST} characters: paste only what is needed.")
    return pem.encode()
