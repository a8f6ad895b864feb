"""What was taken: each message once, with every time it came, and what was wrong with how it came."""

from __future__ import annotations

import json
import time
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

MOST_KEPT = 100_000


class Refused(Exception):
    """It will never be taken as it is; the text says why."""


@dataclass(frozen=True)
class Taken:
    """One message that a protocol understood.

    `line`: which of the sender's destinations it came by, as far as that shows. `place`: within its visit on this
    line; None when it tells nothing of that. `may_tie`: whether two messages may have the same place.
    `resource`: of FHIR, as it is stored. `body` is what a repeat must say again.
    """

    protocol: str
    line: str
    key: str
    type: str
    visit: str
    body: str
    place: int | str | None = None
    may_tie: bool = False
    resource: dict[str, Any] | None = None


@dataclass
class Entry:
    """As `GET /received` shows it. `came`: epoch seconds, one for each of `times`."""

    key: str
    type: str
    protocol: str
    visit: str
    at: float
    times: int = 1
    same: bool = True
    came: list[float] = field(default_factory=list)


class Records:
    """Oldest first, MOST_KEPT at most. With a journal, what was taken outlives the process, however it ends."""

    def __init__(self, journal: Path | None = None) -> None:
        self.total = 0
        self.violations: list[dict[str, Any]] = []
        self._entries: dict[tuple[str, str], Entry] = {}
        self._digests: dict[tuple[str, str], bytes] = {}
        self._places: dict[tuple[str, str, str], int | str] = {}
        self._statuses: defaultdict[str, defaultdict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
        self._old = list(_read(journal)) if journal else []
        for at, taken in self._old:
            self._keep(taken, at)
        self._journal = journal.open("a") if journal else None

    def old(self) -> Iterator[Taken]:
        """What the journal held at the start."""
        return (taken for _at, taken in self._old)

    def take(self, taken: Taken) -> None:
        """Keeps it, or counts it when it came before. Raises Refused when it came before with another body."""
        now = time.time()
        if self._digests.get((taken.protocol, taken.key), _digest(taken)) != _digest(taken):
            self._entries[taken.protocol, taken.key].same = False
            self._blame(taken, "the same key with another body", now)
            raise Refused("this key came before with another body")
        if self._journal is not None:
            self._journal.write(json.dumps([now, asdict(taken)]) + "\n")
            self._journal.flush()
        self._keep(taken, now)

    def report(self, tail: int | None = None) -> dict[str, Any]:
        """`{"count", "received", "violations", "statuses": {visit: {FHIR type: [status, ...]}}}`.

        A status that comes again with nothing between is told once, since only part of a visit is a status there.
        `tail`: how many of the last ones `received` shows; None for all.
        """
        entries = list(self._entries.values())
        shown = entries if tail is None else entries[len(entries) - min(tail, len(entries)) :]
        rows = [asdict(entry) for entry in shown]
        found = {"count": self.total, "received": rows, "violations": self.violations}
        return {**found, "statuses": self._statuses}

    def reset(self) -> None:
        """Forgets all of it, the journal's lines too."""
        for kept in (self.violations, self._entries, self._digests, self._places, self._statuses):
            kept.clear()
        self.total = 0
        if self._journal is not None:
            self._journal.truncate(0)

    def close(self) -> None:
        if self._journal is not None:
            self._journal.close()

    def _keep(self, taken: Taken, at: float) -> None:
        if taken.resource is not None and "status" in taken.resource:
            statuses = self._statuses[taken.visit][taken.resource["resourceType"]]
            if statuses[-1:] != [taken.resource["status"]]:
                statuses.append(taken.resource["status"])
        name = taken.protocol, taken.key
        if name in self._entries:
            self._entries[name].times += 1
            self._entries[name].came.append(at)
            return
        self._check_place(taken, at)
        self._make_room()
        self.total += 1
        self._digests[name] = _digest(taken)
        self._entries[name] = Entry(taken.key, taken.type, taken.protocol, taken.visit, at, came=[at])

    def _check_place(self, taken: Taken, at: float) -> None:
        if taken.place is None:
            return
        where = taken.protocol, taken.line, taken.visit
        last: Any = self._places.get(where)
        if last is not None and (taken.place < last or (taken.place == last and not taken.may_tie)):
            self._blame(taken, f"out of order: {taken.place} after {last}", at)
        else:
            self._places[where] = taken.place

    def _make_room(self) -> None:
        if len(self._entries) >= MOST_KEPT:
            oldest = next(iter(self._entries))
            del self._entries[oldest], self._digests[oldest]

    def _blame(self, taken: Taken, what: str, at: float) -> None:
        blame = {"what": what, "protocol": taken.protocol, "key": taken.key, "visit": taken.visit, "at": at}
        self.violations.append(blame)


def _digest(taken: Taken) -> bytes:
    return sha256(taken.body.encode()).digest()


def _read(journal: Path) -> Iterator[tuple[float, Taken]]:
    """A last line that was cut by a kill was never answered: it is left out."""
    if not journal.exists():
        return
    whole, _newline, _cut = journal.read_text().rpartition("\n")
    journal.write_text(whole + "\n" if whole else "")
    for line in whole.splitlines():
        at, taken = json.loads(line)
        yield at, Taken(**taken)
