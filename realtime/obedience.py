"""Which processes obey the operator's switch as it stands: each says so with its beat.

Who could hold a vendor connection, or whose pages could, tells the version of the switch's row that it has taken
in: web processes and the workers that fan out. A connection that an older row allowed keeps the word back. Who has
fallen silent does not count.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

import redis

from realtime import connections, heartbeats
from realtime.pulse import Pulse

STEP = 0.02
WITHOUT_REDIS = "Redis is away: each process obeys within 2 seconds"
# The version that nobody has taken in who has not seen the row yet.
UNSEEN = -1


@dataclass(frozen=True)
class Obeyed:
    """`obeyed` of `of` processes. `others`: those that have not, each as "kind, pid N on HOST"."""

    obeyed: int
    of: int
    others: tuple[str, ...] = ()

    @property
    def is_all(self) -> bool:
        return self.obeyed == self.of

    def __str__(self) -> str:
        if not self.of:
            return "No process that could use the vendor runs"
        not_yet = f"; not yet: {'; '.join(self.others)}" if self.others else ""
        return f"Obeyed by {self.obeyed} of {self.of} {'process' if self.of == 1 else 'processes'}{not_yet}"


def sentence(obeyed: Obeyed | None) -> str:
    """For people, without its full stop. None: Redis did not answer."""
    return WITHOUT_REDIS if obeyed is None else str(obeyed)


def taken_in(version: int) -> int:
    """What this process may say that it obeys, when it has seen that version of the row."""
    under = connections.oldest()
    return version if under is None else min(version, under)


def among(pulse: Pulse, version: int) -> Obeyed:
    """Who of the processes that live obeys that version, or a later one."""
    words = [(one.name, one.obeys) for one in pulse.living if one.obeys is not None]
    others = tuple(name for name, obeys in words if obeys < version)
    return Obeyed(len(words) - len(others), len(words), others)


def count(version: int) -> Obeyed:
    """As `among`, of now. Raises redis.RedisError."""
    return among(heartbeats.hear(), version)


def settle(version: int, seconds: float) -> Obeyed | None:
    """Waits until all obey that version, `seconds` at most, and says how it then stands; None without Redis."""
    end = time.monotonic() + seconds
    try:
        while not (found := count(version)).is_all and time.monotonic() < end:
            time.sleep(STEP)
    except redis.RedisError:
        return None
    return found
