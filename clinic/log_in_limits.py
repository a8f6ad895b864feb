"""How many log-ins may fail, over all that django-axes counts, which is each name at each network by itself.

A browser in which somebody logged in before is counted by itself, and is not stopped by what others try: not from
the same network, and not under the same name.
"""

from __future__ import annotations

from django.http import HttpRequest

from clinic import known_browsers, limits, log_in_names
from clinic.networks import network


def is_spent(request: HttpRequest, name: str) -> bool:
    """Whether this one is not tried at all. `name`: as it was typed."""
    return any(limits.is_spent(limit, who) for limit, who in _counts(request, name))


def count_failure(request: HttpRequest, name: str) -> None:
    for limit, who in _counts(request, name):
        limits.take(limit, who)


def _counts(request: HttpRequest, name: str) -> list[tuple[limits.Limit, str]]:
    browser, name = known_browsers.of(request), log_in_names.plain(name)
    place = (limits.LOG_IN, browser.id or network(request))
    return [place] if browser.knows(name) else [place, (limits.LOG_IN_NAME, name)]
