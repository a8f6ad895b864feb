"""How often one network may ask for what there is not, where no log-in is needed: counted by network, never a hit.

What proves itself (`clinic.proofs`) is looked up whatever else comes from there. All else is looked up while its
network has misses left, and then refused before the database is asked.
"""

from __future__ import annotations

from django.http import HttpRequest

from clinic import limits
from clinic.networks import network


def refuses(request: HttpRequest, *, is_proven: bool) -> bool:
    """Whether this is not looked up at all."""
    return not is_proven and limits.is_spent(limits.MISS, network(request))


def count(request: HttpRequest) -> None:
    """There was nothing behind it."""
    limits.take(limits.MISS, network(request))
