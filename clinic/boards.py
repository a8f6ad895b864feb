"""A board as every live page gets it: an answer with an ETag of version, build and variant, or 304."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.utils.cache import patch_cache_control
from django.utils.http import parse_etags, quote_etag

from clinic import clock
from clinic.build import build_id
from clinic.models import Clinic


def current_version(clinic: Clinic) -> int:
    """The version to read before the rows: rows newer than it do no harm, older ones would.

    It is the one that came with the clinic, which a board's request has just read.
    """
    return clinic.topic.version


def page(clinic: Clinic, version: int) -> dict[str, object]:
    """What every live page says of itself; `now`: ms since 1970, by the clock that the times in rows are of."""
    return {
        "clinic": clinic,
        "topic": clinic.topic.name,
        "version": version,
        "now": int(clock.now().timestamp() * 1000),
    }


def answer(request: HttpRequest, version: int, variant: str, render: Callable[[], str]) -> HttpResponse:
    """The fragment that `render` makes, unless the page says that it has this very one."""
    etag = quote_etag(f"{version}-{build_id()}-{variant}")
    response = HttpResponse(status=304) if is_known(request, etag) else HttpResponse(render())
    response["ETag"] = etag
    response["X-Version"], response["X-Build"] = str(version), build_id()
    # The page itself knows what it has; no browser keeps it on a disk.
    patch_cache_control(response, private=True, no_cache=True, no_store=True)
    return response


def is_known(request: HttpRequest, etag: str) -> bool:
    """Whether whoever asks has this one already. What was compressed on its way comes back as a weak one."""
    known = parse_etags(request.headers.get("If-None-Match", ""))
    return etag in [one.removeprefix("W/") for one in known]
