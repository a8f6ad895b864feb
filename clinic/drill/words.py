"""Figures as people read them: no more digits than they mean."""

from __future__ import annotations


def seconds(value: float | None) -> str:
    """Without unit: "243", "31.2", "3.12", "0.021"; "-" for nothing."""
    if value is None:
        return "-"
    digits = 0 if value >= 99.95 else 1 if value >= 9.995 else 2 if value >= 1 else 3
    return f"{value:.{digits}f}"


def duration(value: float) -> str:
    """With unit, two digits: "31 s", "3.1 s", "0.25 s", "21 ms", "2.1 ms"."""
    if value >= 9.95:
        return f"{value:.0f} s"
    if value >= 0.995:
        return f"{value:.1f} s"
    return f"{value:.2f} s" if value >= 0.0995 else f"{milliseconds(1000 * value)} ms"


def in_seconds(value: float) -> str:
    """Always in seconds, so that a long and a short one compare: "31 s", "3.1 s", "0.25 s", "0.021 s"."""
    return duration(value) if value >= 0.0995 else f"{value:.3f} s"


def milliseconds(value: float | None) -> str:
    """Of milliseconds, without unit: "1840", "21", "2.1"; "-" for nothing."""
    if value is None:
        return "-"
    return f"{value:.0f}" if value >= 9.95 else f"{value:.1f}"


def percent(share: float) -> str:
    """Of a share from 0 to 1, without unit: "98", "2.3", "0.04", "0"."""
    value = 100 * share
    return f"{value:.0f}" if value >= 9.95 or value == 0 else f"{value:.1f}" if value >= 0.95 else f"{value:.2f}"
