"""Patients at kiosks and clerks at the desk, over HTTP. What is not answered they send again, as people do."""

from __future__ import annotations

import random
import re
import threading
import time
from dataclasses import dataclass
from typing import Any

import httpx

from tests.browser.people import Patient
from tests.soak.book import Book, GaveUp, Press

STEPS = ["", "arrival/", "name/", "birth/", "phone/", "reason/"]
OF_ANOTHER = ["others/", "name/", "birth/", "reason/"]
MOST_ON_SITE = 25
PATIENCE = 5.0
# How often a clerk presses what, when all of it is on the page.
WEIGHTS = {
    "call": 2.0, "recall": 0.5, "room": 4.0, "discharge": 6.0, "step-out": 0.5, "return": 2.0, "no-show": 0.3,
    "left": 0.3, "confirm": 0.5, "undo": 0.5,
}  # fmt: skip
TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="(\w+)"')
TICKET = re.compile(r'data-ticket="([A-Z]\d+)"')
CARD = re.compile(
    r'<form class="card" method="post" action="/desk/visits/([\w-]+)/"[^>]* data-ticket="(\w*)"'
    r' data-state="(\w+)">(.*?)</form>',
    re.S,
)
SAID = re.compile(r'<div class="said">\s*<p>(.*?)</p>', re.S)


class Caller:
    """One browser that never shows an error page: it asks again until it is answered."""

    def __init__(self, url: str, book: Book, http: httpx.Client | None = None) -> None:
        self.book = book
        self.http = http or httpx.Client(base_url=url, timeout=PATIENCE, trust_env=False)

    def get(self, path: str) -> httpx.Response:
        return self._insist("GET", path)

    def post(self, path: str, said: dict[str, str]) -> httpx.Response:
        return self._insist("POST", path, said)

    def token(self, path: str) -> str:
        """The form token of a page."""
        page = self.get(path)
        found = TOKEN.search(page.text)
        assert found, f"{path} has no form: {page.status_code}"
        return found[1]

    def _insist(self, method: str, path: str, said: dict[str, str] | None = None) -> httpx.Response:
        """The first answer that is no error of the server's. Raises GaveUp."""
        began = time.monotonic()
        while True:
            try:
                answer = self.http.request(method, path, data=said)
                if answer.status_code < 500:
                    self.book.answered(time.monotonic() - began)
                    return answer
                self.book.repeated(str(answer.status_code))
            except httpx.TransportError as error:
                self.book.repeated(type(error).__name__)
            if self.book.ended.wait(random.uniform(0.2, 0.8)):
                raise GaveUp(path)


class Person(threading.Thread):
    """Acts again and again, with a pause between, until the load ends."""

    pause = 0.5

    def __init__(self, url: str, book: Book, seed: int) -> None:
        super().__init__(daemon=True, name=f"{type(self).__name__} {seed}")
        self.url, self.book, self.random = url, book, random.Random(seed)

    def run(self) -> None:
        while not self.book.ending.wait(self.random.uniform(0, 2 * self.pause)):
            try:
                self.act()
            except GaveUp as error:
                self.book.strange(f"{self.name}: never answered: {error}")
            except Exception as error:
                self.book.strange(f"{self.name}: {type(error).__name__}: {error}"[:300])

    def act(self) -> None:
        raise NotImplementedError

    def another_caller(self) -> Caller:
        """A fresh browser."""
        return Caller(self.url, self.book)


class Kiosk(Person):
    """Each patient is somebody new, some bring one or two along, and all believe only the ticket page."""

    pause = 0.7

    def act(self) -> None:
        if self.book.on_site < MOST_ON_SITE:
            party = [Patient() for _n in range(self.random.choice([1, 1, 1, 2, 3]))]
            check_in_by(self.another_caller(), party)


def check_in(url: str, book: Book, party: list[Patient]) -> list[str]:
    """Those who came together, through the kiosk, page by page, to their tickets."""
    return check_in_by(Caller(url, book), party)


def check_in_by(caller: Caller, party: list[Patient]) -> list[str]:
    """The same, at the kiosk of this caller."""
    book, names = caller.book, [one.given_name for one in party]
    with book.lock:
        book.tried.update(names)
    said = {"csrfmiddlewaretoken": caller.token("/kiosk/")}
    for place, one in enumerate(party):
        for step in OF_ANOTHER if place else STEPS:
            answer = caller.post(f"/kiosk/{step}", {**said, **vars(one), "reason": "other"})
            assert answer.status_code == 302, f"kiosk page {step!r} answered {answer.status_code}"
    answer = caller.post("/kiosk/check/", said)
    where = answer.headers.get("location", "")
    assert where == "/kiosk/ticket/", f"the last page answered {answer.status_code} {where}"
    page = caller.get(where)
    tickets = TICKET.findall(page.text)
    assert len(tickets) == len(party), f"{len(tickets)} tickets for {len(party)}: {page.status_code}"
    book.told(dict(zip(names, tickets, strict=True)))
    return tickets


@dataclass(frozen=True)
class Card:
    """What a clerk sees of one visit. `verbs`: each button's name and words."""

    visit: str
    ticket: str
    state: str
    seen: str
    free: str
    rooms: list[str]
    verbs: dict[str, str]


def cards(html: str) -> list[Card]:
    """All cards of a desk page."""
    return [_card(*found) for found in CARD.findall(html)]


def _card(visit: str, ticket: str, state: str, body: str) -> Card:
    hidden = dict(re.findall(r'name="(seen|free)" value="([\d,]*)"', body))
    rooms = re.findall(r'<option value="(\d+)"', body)
    verbs = dict(re.findall(r'data-verb="([\w-]+)">([^<]+)</button>', body))
    return Card(visit, ticket, state, hidden["seen"], hidden.get("free", ""), rooms, verbs)


class Clerk(Person):
    """Presses buttons of the desk page, and believes only what the next page says was done."""

    pause = 0.25

    def __init__(self, url: str, book: Book, seed: int, login: list[str]) -> None:
        super().__init__(url, book, seed)
        self.login = login
        self.caller: Caller | None = None

    def act(self) -> None:
        caller = self.caller = self.caller or self._logged_in()
        page = caller.get("/desk/")
        found = cards(page.text)
        assert page.status_code == 200, f"the desk answered {page.status_code}"
        self.book.on_site = sum(card.state in ("waiting", "called", "roomed", "stepped_out") for card in found)
        if choice := self._choose(found):
            self._press(caller, *choice, token=TOKEN.findall(page.text)[0])

    def _logged_in(self) -> Caller:
        caller = self.another_caller()
        said = {"csrfmiddlewaretoken": caller.token("/login/"), "next": "/desk/"}
        answer = caller.post("/login/", {**said, "username": self.login[0], "password": self.login[1]})
        assert answer.status_code == 302, f"log-in answered {answer.status_code}"
        return caller

    def _choose(self, found: list[Card]) -> tuple[Card, str] | None:
        """A verb first, and then a card that offers it: else the many who wait would crowd out the few called."""
        offers: dict[str, list[Card]] = {}
        for card in found:
            for verb in card.verbs:
                offers.setdefault(verb, []).append(card)
        verbs = [verb for verb in offers if verb in WEIGHTS]
        if not verbs:
            return None
        verb = self.random.choices(verbs, [WEIGHTS[verb] for verb in verbs])[0]
        return self.random.choice(offers[verb]), verb

    def _press(self, caller: Caller, card: Card, verb: str, token: str) -> None:
        said: dict[str, Any] = {"csrfmiddlewaretoken": token, "verb": verb, "seen": card.seen, "free": card.free}
        if card.rooms:
            said["room"] = self.random.choice(card.free.split(",")) or card.rooms[0]
        answer = caller.post(f"/desk/visits/{card.visit}/", said)
        assert answer.status_code == 302, f"{verb} answered {answer.status_code}"
        wanted = f"{card.ticket}: {card.verbs[verb]}"
        if any(words.startswith(wanted) for words in SAID.findall(caller.get("/desk/").text)):
            self.book.done(Press(card.visit, verb, card.seen))
