"""Secrets in links and cookies that prove by themselves that we made them: no database is asked about any other.

A flood of made-up ones then costs no read, and nobody behind the same address has to be refused for it. The proof
is no right: what a secret is good for, and whether it still is, the database says.
"""

from __future__ import annotations

import base64
from secrets import compare_digest

from django.conf import settings
from django.utils.crypto import salted_hmac

SALT = "clinic.proofs"
# 48 bits: with ten thousand tries a second, the first made-up one that costs a read comes after centuries.
PROOF_BYTES, PROOF_LETTERS = 6, 8


def with_proof(purpose: str, body: str, key: str | None = None) -> str:
    """`body`, which nobody can guess, with its proof. `key`: another than the installation's own."""
    return body + _proof(purpose, body, key or settings.SECRET_KEY)


def is_proven(purpose: str, text: str) -> bool:
    """Whether we made it, with the key of now or one of before."""
    body, proof = text[:-PROOF_LETTERS], text[-PROOF_LETTERS:].encode()
    keys = (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)
    return any(compare_digest(_proof(purpose, body, key).encode(), proof) for key in keys)


def _proof(purpose: str, body: str, key: str) -> str:
    mac = salted_hmac(f"{SALT} {purpose}", body, secret=key, algorithm="sha256").digest()
    return base64.urlsafe_b64encode(mac[:PROOF_BYTES]).decode()
