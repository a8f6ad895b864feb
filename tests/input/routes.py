"""Every route that there is, read from the URL configuration itself, and an address for each."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from django.urls import URLPattern, get_resolver
from django.urls.resolvers import RoutePattern

PARAMETER = re.compile(r"<(?:\w+:)?(\w+)>")
NAMED_GROUP = re.compile(r"\(\?P<(\w+)>[^()]*\)\??")


@dataclass(frozen=True)
class Route:
    """One route: its address as a template with `{parameter}`s, and the pattern that a request reports."""

    template: str
    pattern: str
    parameters: tuple[str, ...]

    @property
    def area(self) -> str:
        """The first part of the address."""
        return self.template.partition("/")[0]

    def address(self, said: Mapping[str, str]) -> str:
        """The path with these parameters, quoted as a browser would."""
        filled = {name: quote(said[name], safe="/%:@", errors="surrogatepass") for name in self.parameters}
        return "/" + self.template.format(**filled)


def every_route() -> list[Route]:
    """All routes, in the order in which Django tries them."""
    return list(_walk(get_resolver().url_patterns, "", ""))


def _walk(patterns: list[Any], template: str, pattern: str) -> Iterator[Route]:
    for one in patterns:
        whole = template + _template(one.pattern)
        if isinstance(one, URLPattern):
            names = tuple(dict.fromkeys(re.findall(r"{(\w+)}", whole)))
            yield Route(whole, _joined(pattern, str(one.pattern)), names)
        else:
            yield from _walk(one.url_patterns, whole, _joined(pattern, str(one.pattern)))


def _joined(before: str, after: str) -> str:
    """As Django joins them for `resolver_match.route`."""
    return before + after.removeprefix("^") if before else after


def _template(pattern: Any) -> str:
    if isinstance(pattern, RoutePattern):
        return PARAMETER.sub(r"{\1}", str(pattern))
    plain = NAMED_GROUP.sub(r"{\1}", str(pattern))
    return re.sub(r"^\^|/\?|\$$", "", plain)
