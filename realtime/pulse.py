"""What the processes said of themselves: which live, which are silent, and which hang."""

from __future__ import annotations

from dataclasses import dataclass

# Of whom nothing was heard for so long is silent: a busy machine may swallow some beats.
SILENT_SECONDS = 5.0
# Of whom nothing was heard for so long, or who is at one job for so long, hangs: a job may take half of that.
HANGS_SECONDS = 120.0


@dataclass(frozen=True)
class Beat:
    """Of one process. `serves`: job queues, SCHEDULER, PAGES or BOOKINGS. `doing`: a function's name, or "".

    In seconds: `age` since it was last heard, `up` since it began, `doing_seconds` at what it does, `round_age`
    since a scheduler did all that was due. `sockets`: open ones of a web process. `obeys`: the version of the
    switch's row that it has taken in; None for one that could not use the vendor. `gone`: its machine has no such
    process any more; of a machine where nobody beats that is not known.
    """

    kind: str
    pid: int
    host: str
    serves: tuple[str, ...]
    age: float
    up: float
    doing: str
    doing_seconds: float
    sockets: int = 0
    round_age: float = 0.0
    obeys: int | None = None
    gone: bool = False

    @property
    def is_silent(self) -> bool:
        return self.age > SILENT_SECONDS

    @property
    def is_worker(self) -> bool:
        return self.kind.startswith("worker")

    @property
    def is_stuck(self) -> bool:
        """A worker that beats, at a job that should have been cut off by its time-out."""
        return self.is_worker and self.doing_seconds > HANGS_SECONDS

    @property
    def hangs(self) -> bool:
        return not self.gone and (self.age > HANGS_SECONDS or self.is_stuck)

    @property
    def name(self) -> str:
        return process_name(self.kind, self.pid, self.host)


@dataclass(frozen=True)
class Pulse:
    """`beats`: those worth a look. `served`: seconds since each thing was last served by a process.

    `known_for`: since anybody was heard at all; 0 for never, as in a Redis that has just been emptied.
    """

    beats: tuple[Beat, ...]
    served: dict[str, float]
    known_for: float

    @property
    def living(self) -> tuple[Beat, ...]:
        return tuple(one for one in self.beats if not one.is_silent)

    @property
    def has_workers(self) -> bool:
        return any(one.is_worker for one in self.living)

    @property
    def hanging(self) -> tuple[Beat, ...]:
        """Those that hang while others do all their work, the longest first."""
        served = {what for one in self.living if not one.is_stuck for what in one.serves}
        found = [one for one in self.beats if one.hangs and served.issuperset(one.serves)]
        return tuple(sorted(found, key=lambda one: -max(one.age, one.doing_seconds)))

    def is_served(self, what: str) -> bool:
        return any(what in one.serves for one in self.living)


def process_name(kind: str, pid: int, host: str) -> str:
    """What a process is called, for people."""
    return f"{kind}, pid {pid} on {host}"
