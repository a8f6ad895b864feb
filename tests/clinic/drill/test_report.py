"""A row for each run, exactly as promised, and the whole as JSON."""

from __future__ import annotations

import json
from dataclasses import replace

from clinic.drill.record import DESIGNS, Sample
from clinic.drill.report import as_json, in_order, row
from tests.clinic.drill import made

KEYS = [
    "design", "vendor", "emr_start_p50_s", "emr_start_p99_s", "emr_never_started", "screen_p50_ms",
    "screen_p99_ms", "worker_share_held", "vendor_requests", "longest_queue",
]  # fmt: skip


def test_a_row_has_the_promised_keys_in_order() -> None:
    assert list(row(made.run())) == KEYS
    assert list(row(made.empty())) == KEYS


def test_a_row_sums_a_run_up() -> None:
    run = replace(
        made.empty("pools", "out"),
        emr=made.waited([0.5, 1.0, None, 2.0]),
        screens=made.waited([0.025, 0.05, None]),
        samples=(Sample(0.0, {"notices": 2, "integrations": 5}, 1), Sample(0.25, {"notices": 9}, 1)),
        held_seconds=24.0,
        vendor_requests=31,
    )
    assert list(row(run).values()) == ["pools", "out", 1.0, 59.0, 1, 50.0, 59000.0, 0.1, 31, 9]


def test_a_run_that_measured_nothing_has_no_delays() -> None:
    assert list(row(made.empty()).values()) == ["evenkeel", "out", None, None, 0, None, None, 0.0, 0, 0]


def test_one_sample_is_its_own_p50_and_p99() -> None:
    found = row(replace(made.empty(), emr=made.waited([0.1234567])))
    assert found["emr_start_p50_s"] == found["emr_start_p99_s"] == 0.1235


def test_all_never_started_have_waited_to_the_end() -> None:
    found = row(replace(made.empty(), emr=made.waited([None] * 10, every=1.0)))
    assert (found["emr_never_started"], found["emr_start_p50_s"], found["emr_start_p99_s"]) == (10, 55.0, 60.0)


def test_rows_go_down_the_ladder_well_before_out() -> None:
    runs = in_order(reversed(made.ladder()))
    assert [run.design for run in runs[::2]] == [design.key for design in DESIGNS]
    assert {run.vendor for run in runs[::2]} == {"well"} and {run.vendor for run in runs[1::2]} == {"out"}


def test_an_unknown_design_comes_last() -> None:
    assert [run.design for run in in_order([made.empty("other"), made.empty("evenkeel")])] == ["evenkeel", "other"]


def test_the_json_is_one_line_of_rows_and_verdict() -> None:
    text = as_json(made.ladder())
    told = json.loads(text)
    assert "\n" not in text and list(told) == ["rows", "met"]
    assert told["rows"] == [row(run) for run in in_order(made.ladder())]
    assert told["met"] is True


def test_the_json_says_when_evenkeel_missed() -> None:
    assert json.loads(as_json([])) == {"rows": [], "met": False}
    assert json.loads(as_json([run for run in made.ladder() if run.vendor == "out"]))["met"] is False
