"""The breaker as a table: plain Python, one number for the time, no Redis."""

from __future__ import annotations

from dataclasses import dataclass, field

WINDOW, MINIMUM, HALF = 10, 5, 0.5
SHORTEST, LONGEST = 10_000, 120_000


@dataclass
class BreakerModel:
    """`now`: milliseconds. `holder`: the fencing number that holds the lease, 0 for nobody."""

    now: int = 0
    holder: int = 0
    state: str = "closed"
    forced: str = "auto"
    until: int = 0
    level: int = 0
    last: list[tuple[bool, bool]] = field(default_factory=list)
    changes: list[tuple[str, str]] = field(default_factory=list)

    def seen(self) -> str:
        """The state as anybody sees it now."""
        return "half-open" if self.state == "open" and self.now >= self.until else self.state

    def may_call(self, fence: int) -> bool:
        if fence != self.holder or not fence:
            return False
        if self.forced != "auto":
            return self.forced == "closed"
        if self.seen() == "half-open":
            self.turn("half-open")
        return self.state != "open"

    def record(self, fence: int, failed: bool, slow: bool, jitter: float) -> None:
        if fence != self.holder or not fence or self.forced != "auto" or self.seen() == "open":
            return
        if self.seen() == "closed":
            self.count(failed, slow, jitter)
        elif failed or slow:
            self.open(jitter)
        else:
            self.level = 0
            self.turn("closed")

    def count(self, failed: bool, slow: bool, jitter: float) -> None:
        self.last = [(failed, slow), *self.last][:WINDOW]
        shares = [sum(flags) / len(self.last) for flags in zip(*self.last, strict=True)]
        if len(self.last) >= MINIMUM and max(shares) >= HALF:
            self.open(jitter)

    def open(self, jitter: float) -> None:
        self.until = self.now + int(min(SHORTEST * 2**self.level, LONGEST) * jitter)
        self.level += 1
        self.last = []
        self.turn("open")

    def turn(self, to: str) -> None:
        if to != self.state:
            self.changes.append((self.state, to))
            self.state = to

    def flush(self) -> None:
        self.__init__(now=self.now)  # type: ignore[misc]
