"""What the people of a soak were told by the screens: the list that the database is held against at the end."""

from __future__ import annotations

import threading
from collections import Counter
from dataclasses import dataclass, field


class GaveUp(Exception):
    """The load has ended, and this request was never answered."""


@dataclass(frozen=True)
class Press:
    """One button that a clerk pressed on one card, as it stood at event `seen` of the visit."""

    visit: str
    verb: str
    seen: str


@dataclass
class Book:
    """`tickets`: by the first name of who was told it. `odd`: answers that should not have come.

    `longest`: seconds until a request was answered, however often it was sent. `ending`: nobody begins anything
    new. `ended`: what is still unanswered is given up.
    """

    tried: set[str] = field(default_factory=set)
    tickets: dict[str, str] = field(default_factory=dict)
    presses: set[Press] = field(default_factory=set)
    odd: list[str] = field(default_factory=list)
    repeats: Counter[str] = field(default_factory=Counter)
    longest: float = 0.0
    on_site: int = 0
    ending: threading.Event = field(default_factory=threading.Event)
    ended: threading.Event = field(default_factory=threading.Event)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def told(self, tickets: dict[str, str]) -> None:
        """The ticket page came."""
        with self.lock:
            self.tickets.update(tickets)

    def done(self, press: Press) -> None:
        """The desk said that it is done."""
        with self.lock:
            self.presses.add(press)

    def strange(self, what: str) -> None:
        with self.lock:
            self.odd.append(what)

    def answered(self, seconds: float) -> None:
        with self.lock:
            self.longest = max(self.longest, seconds)

    def repeated(self, why: str) -> None:
        """A request was sent again: the answer was lost, late, or an error of the server's."""
        with self.lock:
            self.repeats[why] += 1
