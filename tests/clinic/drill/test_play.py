"""What a run reads from its own processes, and when it is none."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from clinic.drill import calls, play
from clinic.drill.play import Broken, Play, Times
from clinic.drill.stage import Stage
from clinic.integrations import jobs
from clinic.running import demo
from realtime import job_queues
from tests.realtime.standin_rig import Rig


def test_a_quarter_is_well_and_the_rest_is_measured() -> None:
    """A quarter of a long run is too long a while; no patient comes in the last two seconds."""
    assert [(one.warm_up, one.measured, one.load) for one in map(Times, (8, 36))] == [(2, 6, 6), (6, 30, 34)]


def test_look_counts_what_waits_and_who_is_at_the_vendors(live_redis: Any) -> None:
    for pk in range(3):
        job_queues.enqueue("integrations", jobs.deliver, pk)
    with calls.noted(live_redis):
        sample = play.look(live_redis, 1.25)
    assert (sample.at, sample.held) == (1.25, 1)
    assert sample.depths == {"notices": 0, "integrations": 3, "default": 0, "low": 0, "ill": 0}


def test_fault_is_set_at_the_control_port(rig: Rig) -> None:
    play.set_fault(rig.standin.control_url, "silent")
    assert rig.control("GET", "/__fault").json()["mode"] == "silent"


@pytest.mark.parametrize("name", ["load", "screens", "standin", "receiver", "web", "valkey", "cron"])
def test_run_without_one_of_its_parts_is_none(name: str, tmp_path: Path) -> None:
    run = Play(Stage("evenkeel", 10.0, demo.plan(tmp_path)), "out", Times(10))
    run.note_exit(name, -9, 0.0)
    with pytest.raises(Broken, match=f"{name} ended with code -9 in the middle"):
        run.refuse_when_broken()


def test_worker_may_end(tmp_path: Path) -> None:
    """One that is stuck too often does, by design, and a supervisor starts it again."""
    run = Play(Stage("evenkeel", 10.0, demo.plan(tmp_path)), "out", Times(10))
    run.note_exit("worker", 0, 0.0)
    run.refuse_when_broken()
