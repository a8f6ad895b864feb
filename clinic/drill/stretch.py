"""The delays of one stretch of time, from what the parts of a run wrote down by the one clock of this machine."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from clinic.drill.record import Delay


class Change(NamedTuple):
    """A topic reached a version: committed `at`, in epoch seconds."""

    topic: str
    version: int
    at: float


class Stretch(NamedTuple):
    """What is measured: what was committed since `began`, as far as it came before `end`; in epoch seconds."""

    began: float
    end: float

    def emr(self, deliveries: Mapping[int, float], starts: Mapping[int, float]) -> tuple[Delay, ...]:
        """Each delivery's wait: from the time of its commit to that of its first try."""
        since = {pk: at for pk, at in deliveries.items() if at >= self.began}
        return tuple(self._delay(at, starts.get(pk)) for pk, at in sorted(since.items()))

    def screen(self, topic: str, changes: Iterable[Change], shown: Sequence[Sequence[float]]) -> list[Delay]:
        """Each change of a screen's topic, until the first board of its version or a newer one.

        `shown`: versions as they came, each with its time.
        """
        versions = [version for version, _at in shown]
        found = []
        for change in changes:
            if change.topic == topic and change.at >= self.began:
                place = bisect_left(versions, change.version)
                found.append(self._delay(change.at, shown[place][1] if place < len(shown) else None))
        return found

    def _delay(self, committed: float, came: float | None) -> Delay:
        if came is None or came >= self.end:
            return Delay(committed - self.began, None)
        # Who notes the commit is another process than who comes: it may be the later one by microseconds.
        return Delay(committed - self.began, max(0.0, came - committed))
