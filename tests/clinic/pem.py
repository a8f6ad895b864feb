"""Certificates and keys for tests, made once a process: an authority, and those that it signed."""

from __future__ import annotations

from datetime import datetime
from functools import cache
from typing import NamedTuple

import trustme


class Pair(NamedTuple):
    certificate: str
    key: str


@cache
def authority() -> trustme.CA:
    return trustme.CA()


def authority_pem() -> str:
    return authority().cert_pem.bytes().decode()


@cache
def pair(name: str = "emr.example", until: datetime | None = None) -> Pair:
    """A certificate of the authority, and its private key."""
    made = authority().issue_cert(name, not_after=until)
    return Pair(made.cert_chain_pems[0].bytes().decode(), made.private_key_pem.bytes().decode())
