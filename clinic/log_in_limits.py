"""How many log-ins may fail, over all that django-axes counts, which is each name at each network by itself.

A browser in which somebody logged in before is counted by itself, and is not stopped by what others try: not from
the same network, and not under the same name. Towards a name, each network or such browser counts no more often
than django-axes lets it try: whoever goes on from one place keeps nobody out elsewhere.
"""

from __future__ import annotations

from typing import NamedTuple

from django.http import HttpRequest

from clinic import known_browsers, limits, log_in_names
from clinic.networks import network


class _Try(NamedTuple):
    """`place`: the network, or a known browser. `is_strange`: nobody of this name has logged in here."""

    place: str
    name: str
    is_strange: bool


def is_spent(request: HttpRequest, name: str) -> bool:
    """Whether this one is not tried at all. `name`: as it was typed."""
    one = _of(request, name)
    return limits.is_spent(limits.LOG_IN, one.place) or (
        one.is_strange and limits.is_spent(limits.LOG_IN_NAME, one.name)
    )


def count_failure(request: HttpRequest, name: str) -> None:
    one = _of(request, name)
    limits.take(limits.LOG_IN, one.place)
    if one.is_strange and limits.take(limits.LOG_IN_SHARE, (one.place, one.name)):
        limits.take(limits.LOG_IN_NAME, one.name)


def _of(request: HttpRequest, name: str) -> _Try:
    browser, name = known_browsers.of(request), log_in_names.plain(name)
    return _Try(browser.id or network(request), name, not browser.knows(name))
