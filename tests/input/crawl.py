"""Finds the site as each actor sees it: every page that a link, a form or a redirect leads to, and its forms."""

from __future__ import annotations

from urllib.parse import urlencode, urljoin, urlsplit

from django.conf import settings
from django.db import transaction
from django.urls import resolve, reverse

from tests.input import world as worlds
from tests.input.pages import Form, Page
from tests.input.routes import every_route
from tests.input.site import Found, Site, fill
from tests.input.wire import Answer, Wire

PAGES_A_ROUTE = 2
LONGEST_WAY = 20
TOKEN = "csrfmiddlewaretoken"
START = ["/", "/kiosk/", "/monitor/", "/desk/", "/ops/", "/audit/", "/admin/", "/login/"]


def open_site() -> Site:
    """The world in an empty database, with every actor's pages known. Must run in a transaction."""
    site = Site(Wire(), worlds.build(), every_route())
    _at_each_page_of_the_kiosk(site)
    for actor in list(site.world.cookies):
        _crawl(site, actor)
    return site


def _at_each_page_of_the_kiosk(site: Site) -> None:
    """An actor for each page of the way to a ticket, in each language, with a session of its own."""
    for language in ("en", "es"):
        reached, steps = "", 0
        while "/ticket/" not in reached and steps < LONGEST_WAY:
            actor = _kiosk(site, f"kiosk, {language}, page {steps}")
            reached = site.starts[actor] = _walk(site, actor, "/kiosk/", steps, language)
            steps += 1
        assert "/ticket/" in reached, f"the kiosk leads to {reached}, and to no ticket"
    _families(site, steps - 2)


def _families(site: Site, steps: int) -> None:
    """Two who came together, of whom one is asked still, or both have said all; `steps` lead to the check page."""
    another = reverse("kiosk:ask_another")
    for name, more in (("one of two", 0), ("two of two", steps)):
        actor = _kiosk(site, f"kiosk, en, {name}")
        check = _walk(site, actor, "/kiosk/", steps, "en")
        (form,) = [one for one in Page(site.ask(actor, "GET", check).text).forms if one.action == another]
        address = site.ask(actor, "POST", another, urlencode(fill(form)).encode()).headers["location"]
        for _n in range(more):
            if address != check:
                address = _walk(site, actor, address, 1, "en")
        site.starts[actor] = address


def _kiosk(site: Site, actor: str) -> str:
    site.world.cookies[actor] = dict(site.world.cookies["kiosk"])
    return actor


def _walk(site: Site, actor: str, address: str, steps: int, language: str) -> str:
    """Answers this many pages of the kiosk; the address that it ends at."""
    for n in range(steps + 1):
        answer = site.ask(actor, "GET", address)
        while answer.status in (301, 302):
            address = answer.headers["location"]
            answer = site.ask(actor, "GET", address)
        if n == steps:
            break
        form = next(one for one in Page(answer.text).forms if one.method == "POST" and _is_onward(one, address))
        said = {**dict(fill(form)), **({"language": language} if "language" in form.names() else {})}
        if "given_name" in said:
            said["given_name"] = "Bob" + "".join(char for char in actor if char.isalpha()) + "abcdefghijklm"[steps]
        answer = site.ask(actor, "POST", form.action or address, urlencode(said).encode())
        assert answer.status == 302, f"{address}: {answer.status} for {said}"
        address = answer.headers["location"]
    return address


def _is_onward(form: Form, address: str) -> bool:
    return urlsplit(form.action or address).path == urlsplit(address).path and "at=" not in form.action


def _crawl(site: Site, actor: str) -> None:
    waiting = [site.starts[actor]] if actor in site.starts else [*START, *site.world.links.get(actor, [])]
    known, asked = set(waiting), dict[str, int]()
    while waiting:
        address = waiting.pop(0)
        route = site.route_of(address)
        if route is None or asked.get(route, 0) >= PAGES_A_ROUTE:
            continue
        asked[route] = asked.get(route, 0) + 1
        for found in _visit(site, actor, address, route):
            if found not in known:
                known.add(found)
                waiting.append(found)


def _visit(site: Site, actor: str, address: str, route: str) -> list[str]:
    """Looks at one page, without leaving a mark; the addresses that it leads to."""
    before = dict(site.world.cookies[actor])
    with transaction.atomic():
        answer = site.ask(actor, "GET", address)
        transaction.set_rollback(True)
    kept = {name: value for name, value in answer.cookies.items() if name == settings.CSRF_COOKIE_NAME}
    site.world.cookies[actor] = {**before, **kept}
    _learn(site, address)
    site.seen.setdefault(route, {})[actor] = answer.status
    page = Page(answer.text if answer.is_html else "")
    forms = [
        Form(_local(address, one.action or address), one.method, one.fields, one.buttons) for one in page.forms
    ]
    for form in forms:
        _learn(site, form.action)
        if token := next((one.value for one in form.fields if one.name == TOKEN), None):
            site.tokens[actor] = token
        found = site.forms.setdefault(site.route_of(form.action), [])
        if sum(one.actor == actor and one.form.names() == form.names() for one in found) < PAGES_A_ROUTE:
            found.append(Found(actor, form.action, form))
    return [one for one in (*_onward(address, answer), *(_local(address, link) for link in page.links)) if one]


def _onward(address: str, answer: Answer) -> list[str]:
    return [_local(address, answer.headers["location"])] if "location" in answer.headers else []


def _local(address: str, link: str) -> str:
    """A link as an address of ours; empty when it leads elsewhere."""
    whole = urlsplit(urljoin(f"http://ours{address}", link))
    if whole.netloc != "ours":
        return ""
    return whole.path + (f"?{whole.query}" if whole.query else "")


def _learn(site: Site, address: str) -> None:
    if site.route_of(address) is not None:
        for name, value in resolve(urlsplit(address).path).kwargs.items():
            if len(site.world.values.get(name, [])) < 60:
                site.world.knows(name, value)
