"""The processes of one run, before they are started."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from clinic.drill.stage import Stage, clean_env
from clinic.running import demo, pools
from clinic.running.child import Program

ALWAYS = ["valkey", "standin", "receiver", "web", "load", "screens"]


def stage(tmp_path: Path, design: str) -> Stage:
    return Stage(design, 10.0, demo.plan(tmp_path, demo.HOST, 1))


def started(stage: Stage) -> Counter[str]:
    return Counter(program.name for program in stage.programs())


def test_evenkeel_runs_as_it_is(tmp_path: Path) -> None:
    """With its own pools and cron, in the order in which they are needed."""
    names = [program.name for program in stage(tmp_path, "evenkeel").programs()]
    assert names == ["valkey", "standin", "receiver", "web", *["worker"] * 4, "cron", "load", "screens"]
    assert served(stage(tmp_path, "evenkeel")) == [("worker", pool) for pool, _many in pools.parse(pools.DEFAULT)]


def test_others_have_four_workers_of_their_own_and_no_cron(tmp_path: Path) -> None:
    assert started(stage(tmp_path, "incident")) == {**dict.fromkeys(ALWAYS, 1), "worker": 4}
    shared = ("old-worker", "notices", "integrations", "default", "low")
    assert served(stage(tmp_path, "incident")) == [shared] * 4
    assert served(stage(tmp_path, "pools")) == [shared] * 2 + [("old-worker", "integrations")] * 2


def served(stage: Stage) -> list[tuple[str, ...]]:
    """What each worker process is told to do."""
    found = []
    for program in stage.workers():
        argv = list(program.argv)
        found.append(tuple(argv[argv.index("clinic.drill") + 1 :]))
    return found


def test_screens_of_2019_hear_the_vendor_alone(tmp_path: Path) -> None:
    hears = {design: list(only(stage(tmp_path, design), "screens").argv)[-1] for design in ("pools", "evenkeel")}
    assert hears == {"pools": "vendor", "evenkeel": "own"}


def only(stage: Stage, name: str) -> Program:
    (program,) = [one for one in stage.programs() if one.name == name]
    return program


def test_no_secret_of_ours_is_an_argument(tmp_path: Path) -> None:
    """Those can be read by every user of the machine; the stand-in's keys are no secrets of ours."""
    one = stage(tmp_path, "evenkeel")
    for program in one.programs():
        assert one.demo.emr_secret not in " ".join(program.argv)


def test_settings_of_the_caller_do_not_reach_a_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DATABASE_URL", "EVENKEEL_VENDOR", "EVENKEEL_WORKERS", "REDIS_URL", "PUBLIC_URL"):
        monkeypatch.setenv(name, "the caller's")
    env = stage(tmp_path, "evenkeel").env()
    assert "the caller's" not in env.values()
    assert env["DATABASE_URL"] == env["EVENKEEL_VENDOR"] == env["EVENKEEL_WORKERS"] == ""
    assert env["EVENKEEL_HOME"] == str(tmp_path)


def test_preparing_knows_no_other_redis_than_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nor keys of the vendor."""
    for name in ("REDIS_URL", "ABLY_PUBLISH_KEY", "ABLY_SUBSCRIBE_KEY"):
        monkeypatch.setenv(name, "the caller's")
    env = clean_env(tmp_path)
    assert env["REDIS_URL"] == env["ABLY_PUBLISH_KEY"] == env["ABLY_SUBSCRIBE_KEY"] == ""
