"""The programs that make up a running Evenkeel, as a supervisor starts them."""

from __future__ import annotations

import signal
import sys
import urllib.request
from collections.abc import Mapping, Sequence
from pathlib import Path

from clinic.running.child import Program

MANAGE = Path(__file__).resolve().parent.parent.parent / "manage.py"
PYTHON = (sys.executable, "-W", "ignore::DeprecationWarning")


def manage(name: str, *words: str, env: Mapping[str, str] | None = None, **more: object) -> Program:
    """One of our own commands."""
    return Program(name, [*PYTHON, str(MANAGE), *words], env=env, **more)  # type: ignore[arg-type]


def web(host: str, port: int, env: Mapping[str, str]) -> Program:
    """A web process; ready when it answers."""
    words = ("web", "--host", host, "--port", str(port))
    alive = f"http://{host}:{port}/healthz"
    return manage("web", *words, env=env, ready=lambda: _answers(alive), ready_seconds=60)


def workers(pools: Sequence[tuple[str, int]], env: Mapping[str, str]) -> list[Program]:
    """One program a worker process."""
    # A worker finishes its job after SIGTERM, so one whose supervisor was killed would live on.
    return [
        manage("worker", "worker", pool, env=env, death_signal=signal.SIGKILL)
        for pool, count in pools
        for _n in range(count)
    ]


def cron(env: Mapping[str, str]) -> Program:
    return manage("cron", "cron", env=env)


def standin(ports: Mapping[str, int], ca_file: Path, keys: Mapping[str, str]) -> Program:
    """The demo's vendor, on 127.0.0.1. `ports`: control, plain, tls. `keys`: publish, subscribe."""
    words = ["standin", "--ca-file", str(ca_file), "--control-port", str(ports["control"])]
    words += ["--port", str(ports["plain"]), "--tls-port", str(ports["tls"])]
    words += ["--publish-key", keys["publish"], "--subscribe-key", keys["subscribe"]]
    control = f"http://127.0.0.1:{ports['control']}/__fault"
    return manage("standin", *words, ready=lambda: ca_file.exists() and _answers(control), ready_seconds=60)


def emr(ports: Mapping[str, int], secret: str, journal: Path | None = None) -> Program:
    """A medical record system, on 127.0.0.1. `ports`: control, http, mllp. `journal`: keeps what it took."""
    words = ["demo_emr", "--control-port", str(ports["control"]), "--port", str(ports["http"])]
    words += ["--mllp-port", str(ports["mllp"]), *(["--journal", str(journal)] if journal else [])]
    fault, env = f"http://127.0.0.1:{ports['control']}/__fault", {"EVENKEEL_DEMO_SECRET": secret}
    return manage("emr", *words, env=env, ready=lambda: _answers(fault), ready_seconds=60)


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=1) as answer:
            return bool(answer.status == 200)
    except (OSError, ValueError):
        return False
