"""Reads the audit's chains from their beginning, and says where somebody was at them who got past the database.

Whoever owns the database can write a chain anew from end to end, with hashes that fit. That shows by a head (the
number and hash of a chain's last row) that was kept elsewhere before: see `heads` and `log_heads`.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from django.db import transaction

from clinic import audit
from clinic.models import AuditChain, AuditEvent

logger = logging.getLogger(__name__)

BATCH = 2000
MOST_SAID = 20
Step = Callable[[int], None]


class Head(NamedTuple):
    """A chain's last row, as it was once: whoever holds it can prove that nothing before was changed."""

    chain: int
    sequence: int
    hash: str

    def __str__(self) -> str:
        return f"{self.chain} {self.sequence} {self.hash}"


@dataclass
class Walked:
    """What was found in one chain. `problems`: a number of a row, and what is wrong there, in words."""

    chain: int
    rows: int = 0
    sequence: int = 0
    hash: str = ""
    problems: list[tuple[int, str]] = field(default_factory=list)

    @property
    def head(self) -> Head:
        return Head(self.chain, self.sequence, self.hash)


def heads() -> list[Head]:
    """Of all chains, now. An empty chain has none."""
    ends = AuditChain.objects.exclude(sequence=0).order_by("pk")
    return [Head(*end) for end in ends.values_list("pk", "sequence", "hash")]


def log_heads() -> None:
    """So that logs, which are kept elsewhere, can tell on whoever rewrites a chain."""
    for head in heads():
        logger.info("audit head: chain %d at %d is %s", *head)


def read_heads(text: str) -> list[Head]:
    """As written by `heads`, one a line. Raises ValueError."""
    found = [line.split() for line in text.splitlines() if line.strip()]
    return [Head(int(chain), int(sequence), digest) for chain, sequence, digest in found]


def check(known: Sequence[Head] = (), step: Step = lambda rows: None) -> Iterator[Walked]:
    """Walks all chains, a batch at a time, while others add to them. `step` is told how many rows each batch had.

    `known`: heads from before, which have to stand where they stood.
    """
    chains = {
        *AuditChain.objects.values_list("pk", flat=True),
        *AuditEvent.objects.order_by().values_list("chain", flat=True).distinct(),
        *(head.chain for head in known),
    }
    for chain in sorted(chains):
        walked = Walked(chain)
        wanted = {head.sequence: head.hash for head in known if head.chain == chain}
        _walk(walked, wanted, step)
        _compare_end(walked, step, wanted)
        for sequence in sorted(wanted):
            _say(walked, sequence, "was the last row once, by a head that was kept, and is not there now")
        yield walked


def _walk(walked: Walked, wanted: dict[int, str], step: Step) -> None:
    """On from where it is, to the last row that there is."""
    rows = AuditEvent.objects.filter(chain=walked.chain).order_by("sequence")
    while batch := list(rows.filter(sequence__gt=walked.sequence)[:BATCH]):
        for row in batch:
            _look(walked, row, wanted)
        step(len(batch))


def _look(walked: Walked, row: AuditEvent, wanted: dict[int, str]) -> None:
    if row.sequence != walked.sequence + 1:
        first, last = walked.sequence + 1, row.sequence - 1
        _say(walked, first, "is missing" if first == last else f"and all rows up to {last} are missing")
    elif row.previous != walked.hash:
        _say(walked, row.sequence, "does not follow the row before it")
    if audit.digest_of(row) != row.hash:
        _say(walked, row.sequence, "was changed")
    if row.action == audit.MENDED:
        was, last = row.detail.get("from"), row.detail.get("to")
        _say(walked, row.sequence, f"tells of damage: the chain had gone on to {was}, and {last} was its last row")
    if wanted.pop(row.sequence, row.hash) != row.hash:
        _say(walked, row.sequence, "is not the one of the head that was kept: the chain was written anew")
    walked.rows, walked.sequence, walked.hash = walked.rows + 1, row.sequence, row.hash


def _compare_end(walked: Walked, step: Step, wanted: dict[int, str]) -> None:
    """With the chain's end held, so that what comes meanwhile is not taken for a forgery."""
    with transaction.atomic():
        end = AuditChain.objects.select_for_update().filter(pk=walked.chain).first()
        _walk(walked, wanted, step)
    if end is None:
        _say(walked, walked.sequence, "belongs to a chain whose end was taken away")
    elif end.sequence > walked.sequence:
        _say(walked, walked.sequence + 1, f"and all after it are missing: the chain went on to {end.sequence}")
    elif (end.sequence, end.hash) != (walked.sequence, walked.hash):
        _say(walked, walked.sequence, f"is not the chain's end, which is {end.sequence}")


def _say(walked: Walked, sequence: int, what: str) -> None:
    if len(walked.problems) < MOST_SAID:
        walked.problems.append((sequence, f"Row {sequence} {what}."))
