"""The table of a terminal: aligned, narrow enough, units in its head; then each goal, then the verdict."""

from __future__ import annotations

from dataclasses import replace

import pytest

from clinic.drill.record import Run
from clinic.drill.table import HEADS, WIDTH, cells, table, text
from tests.clinic.drill import made

HUGE = replace(
    made.empty("incident"), emr=made.waited([1e7, None]), screens=made.waited([1e6]), held_seconds=1e9,
    vendor_requests=10**9, seconds=1e8,
)  # fmt: skip


@pytest.mark.parametrize("runs", [made.ladder(), [made.empty()], [HUGE, made.run()], []])
def test_it_is_narrow_and_every_line_as_wide_as_the_next(runs: list[Run]) -> None:
    lines = table(runs).splitlines()
    assert len(lines) == 3 + len(runs)
    assert {len(line) for line in lines[1:]} == {len(lines[1])}
    assert max(map(len, text(runs).splitlines())) <= WIDTH


def test_numbers_end_where_their_heads_end() -> None:
    above, units, _, *rows = table(made.ladder()).splitlines()
    end = units.index("started") + len("started")
    assert above[:end].endswith("EMR never")
    assert [line[:end].split()[-1] for line in rows[:2]] == ["0", "54"]


def test_every_number_says_its_unit() -> None:
    assert [unit for _, unit in HEADS] == [
        "design", "vendor", "p50 s", "p99 s", "started", "p50 ms", "p99 ms", "held %", "requests", "queue",
    ]  # fmt: skip


def test_figures_are_rounded_to_what_they_mean() -> None:
    row = {
        "design": "incident", "vendor": "out", "emr_start_p50_s": 31.2345, "emr_start_p99_s": 0.0214,
        "emr_never_started": 4, "screen_p50_ms": 21.37, "screen_p99_ms": None, "worker_share_held": 0.9812,
        "vendor_requests": 120, "longest_queue": 98,
    }  # fmt: skip
    assert cells(row) == ["incident", "out", "31.2", "0.021", "4", "21", "-", "98", "120", "98"]


def test_the_verdict_is_the_last_line() -> None:
    lines = text(made.ladder()).splitlines()
    assert lines[-1] == "Evenkeel met its goals."
    assert sum(line.startswith("met ") for line in lines) == 5
    assert not any(line.startswith("MISSED") for line in lines)


def test_a_missed_goal_stands_out() -> None:
    lines = text([]).splitlines()
    assert lines[-1] == "Evenkeel MISSED its goals."
    assert [line[:8] for line in lines if "EMR jobs begin" in line] == ["MISSED  "]
