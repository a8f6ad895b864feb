from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from clinic.running import child
from clinic.running.child import Child
from clinic.running.supervisor import Program, StartFailed, Supervisor
from tests.clinic.running.processes import SUPERVISE, Rig, alive
from tests.waiting import until

STUBBORN = "signal.signal(signal.SIGTERM, signal.SIG_IGN)"
WITH_HELPER = f"""
helper = subprocess.Popen([sys.executable, "-IS", "-c", "import signal, time; {STUBBORN}; time.sleep(60)"])
with open(sys.argv[1], "a") as births:
    births.write(f"{{helper.pid}}\\n")
"""


def gone(*pids: int) -> bool:
    return not any(alive(pid) for pid in pids)


def test_exit_with_code_0_is_restarted(rig: Rig) -> None:
    program, births = rig.born("clock", "sys.exit(0)")
    rig.supervise(program)
    births.wait(3)


def test_killed_program_is_restarted_alone(rig: Rig) -> None:
    victim, victims = rig.born("victim")
    other, others = rig.born("other")
    rig.supervise(victim, other)
    first = victims.wait(1)[0]
    os.kill(first, signal.SIGKILL)
    second = victims.wait(2, within=2)[1]
    assert alive(second) and gone(first)
    assert len(others.wait(1)) == 1


def test_helpers_of_a_dead_program_do_not_outlive_it(rig: Rig) -> None:
    program, births = rig.born("web", WITH_HELPER + "time.sleep(60)")
    rig.supervise(program)
    web, helper = births.wait(2)
    os.kill(web, signal.SIGKILL)
    births.wait(3)
    assert gone(helper)


def test_restarts_are_delayed_while_it_keeps_dying() -> None:
    quick = Child(Program("quick", [sys.executable]), None)
    quick._started = time.monotonic()
    assert [quick.plan_restart() for _ in range(5)] == [0.25, 0.5, 1.0, 2.0, 2.0]
    quick._started -= child.LIVED_WELL_SECONDS + 1
    assert quick.plan_restart() == 0
    quick._started = time.monotonic()
    assert quick.plan_restart() == 0.25


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_stop_signal_ends_all_and_leaves_nothing(rig: Rig, number: signal.Signals) -> None:
    programs = [rig.born(name) for name in ("valkey", "web")]
    supervisor = rig.supervise(*[program for program, _ in programs])
    pids = [births.wait(1)[0] for _, births in programs]
    supervisor.send_signal(number)
    assert supervisor.wait(3) == 0
    assert gone(*pids)


def test_stop_goes_in_reverse_order_and_together_within_a_name(rig: Rig) -> None:
    # A file's time is too coarse to tell two ends apart.
    tell = "signal.signal(signal.SIGTERM, lambda *_: (print(time.monotonic_ns(), flush=True), sys.exit()))"
    slow = tell.replace("(print", "(time.sleep(0.3), print")
    first, firsts = rig.born("first", first=tell)
    twins = [rig.born(f"twin{number}", first=slow) for number in range(2)]
    supervisor = rig.supervise(first, *[{**program, "name": "twin"} for program, _ in twins])
    for births in (firsts, *[births for _, births in twins]):
        births.wait(1)
    started = time.monotonic()
    supervisor.terminate()
    assert supervisor.wait(3) == 0
    assert time.monotonic() - started < 0.6 + 0.3
    (end,) = (rig.log_dir / "first.log").read_text().split()
    twin_ends = (rig.log_dir / "twin.log").read_text().split()
    assert len(twin_ends) == 2
    assert int(end) > max(map(int, twin_ends))


def test_program_that_ignores_sigterm_is_killed_with_its_group(rig: Rig) -> None:
    program, births = rig.born("stubborn", WITH_HELPER + "time.sleep(60)", first=STUBBORN)
    supervisor = rig.supervise({**program, "grace_seconds": 0.2})
    pids = births.wait(2)
    supervisor.terminate()
    assert supervisor.wait(3) == 0
    assert gone(*pids)


def test_second_ctrl_c_kills_at_once(rig: Rig) -> None:
    program, births = rig.born("stubborn", first=STUBBORN)
    supervisor = rig.supervise({**program, "grace_seconds": 30})
    pid = births.wait(1)[0]
    supervisor.send_signal(signal.SIGINT)
    with pytest.raises(subprocess.TimeoutExpired):
        supervisor.wait(0.3)
    supervisor.send_signal(signal.SIGINT)
    assert supervisor.wait(2) == 0
    assert gone(pid)


def test_killed_supervisor_takes_its_children_along(rig: Rig) -> None:
    polite, polites = rig.born("polite")
    stubborn, stubborns = rig.born("stubborn", first=STUBBORN)
    supervisor = rig.supervise(polite, {**stubborn, "death_signal": int(signal.SIGKILL)})
    pids = [polites.wait(1)[0], stubborns.wait(1)[0]]
    supervisor.kill()
    until(lambda: gone(*pids), seconds=2)


def test_killed_supervisor_of_a_supervisor_takes_all_along(rig: Rig) -> None:
    program, births = rig.born("worker")
    argv = [sys.executable, "-c", SUPERVISE, json.dumps([program]), str(rig.log_dir)]
    outer = rig.supervise({"name": "workers", "argv": argv})
    worker = births.wait(1)[0]
    outer.kill()
    until(lambda: gone(worker), seconds=2)


def test_added_program_is_awaited_and_stopped(rig: Rig) -> None:
    spec, births = rig.born("web")
    program = Program(**spec, env={"PORT": "1"}, ready=lambda: bool(births.pids()))
    with Supervisor() as supervisor:
        supervisor.add(program)
        assert supervisor.pids() == {"web": births.pids()}
    assert gone(*births.pids())
    assert supervisor.pids() == {"web": []}


def test_program_that_ends_before_it_is_ready_is_named_with_its_log(tmp_path: Path) -> None:
    program = Program("web", [sys.executable, "-IS", "-c", "raise SystemExit(7)"], ready=lambda: False)
    sentence = r"web ended with code 7 before it was ready. Read .*web.log"
    with pytest.raises(StartFailed, match=sentence), Supervisor(log_dir=tmp_path) as supervisor:
        supervisor.add(program)


def test_program_that_is_never_ready_is_given_up_and_stopped(rig: Rig) -> None:
    spec, births = rig.born("web")
    with pytest.raises(StartFailed, match=r"web was not ready within 0.2 s"), Supervisor() as supervisor:
        supervisor.add(Program(**spec, ready=lambda: False, ready_seconds=0.2))
    assert gone(*births.pids())


def test_program_that_does_not_exist_is_named() -> None:
    with pytest.raises(StartFailed, match="web cannot be started"), Supervisor() as supervisor:
        supervisor.add(Program("web", ["/nowhere/to/be/found"]))


def test_stop_signal_while_waiting_for_readiness_stops_quietly(rig: Rig) -> None:
    spec, births = rig.born("web")

    def ask_to_stop() -> bool:
        os.kill(os.getpid(), signal.SIGTERM)
        return False

    before = signal.getsignal(signal.SIGTERM)
    with Supervisor() as supervisor:
        supervisor.add(Program(**spec, ready=ask_to_stop))
        pytest.fail("the block went on")
    assert gone(*births.pids())
    assert signal.getsignal(signal.SIGTERM) is before
