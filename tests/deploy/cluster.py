"""Evenkeel as a group runs it: two machines, each with a web process, workers and cron, behind nginx, and the
PostgreSQL, Redis and record system that they share. Every process is a real one."""

from __future__ import annotations

import base64
import os
import secrets
import signal
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import redis

from clinic.running import home as homes
from clinic.running import programs
from clinic.running.child import Program
from tests import canaries, prepared
from tests.deploy import postgres
from tests.deploy.proxy import HOST, Proxy
from tests.own_valkey import OwnValkey
from tests.shell import Shell
from tests.stack import ROOT
from tests.waiting import until

MACHINES = 2
WORKERS = "notices=1,integrations=1,general=1"
# Seconds. A worker ends its job first.
ENDS_WITHIN, READY_WITHIN = 20.0, 60.0
SEED = """
from clinic import demo_seed
demo_seed.seed({addresses!r}, {secret!r})
"""
# Of the demo's people and devices: what they show at the door.
KEYS = """{
    "kiosk": [access.cookie_name("kiosk"), demo.token("kiosk")],
    "monitor": [access.cookie_name("monitor"), demo.token("monitor")],
    "desk": [demo.USERS["desk"], demo.PASSWORD],
}"""


@dataclass
class Cluster:
    """`keys`: of the desk's clerk, of kiosk and monitor, each as (user or cookie's name, password or value).

    `roots`: where the code of a process is, by its name, unless it is here.
    """

    folder: Path
    database_url: str
    database_log: Path
    web_ports: list[int] = field(default_factory=lambda: [homes.free_port() for _n in range(MACHINES)])
    emr: dict[str, int] = field(
        default_factory=lambda: {name: homes.free_port() for name in ("control", "http", "mllp")}
    )
    secret: str = field(default_factory=lambda: "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode())
    keys: dict[str, list[str]] = field(default_factory=dict)
    roots: dict[str, Path] = field(default_factory=dict)
    _running: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.valkey = OwnValkey(self._made("valkey"))
        self.proxy = Proxy(self.folder / "nginx", self.web_ports)
        self.home_of = {number: self._made(f"machine-{number}") for number in range(1, MACHINES + 1)}

    @property
    def url(self) -> str:
        return self.proxy.url

    def env(self, machine: int = 1) -> dict[str, str]:
        """What every process of this machine is told."""
        apart = ("EVENKEEL_", "ABLY_", "REDIS_", "DATABASE_")
        kept = {name: value for name, value in os.environ.items() if not name.startswith(apart)}
        return kept | {
            "EVENKEEL_HOME": str(self.home_of[machine]),
            "EVENKEEL_SECRET_KEY": "only-for-tests-" + "y" * 50,
            "EVENKEEL_PRIVATE_DESTINATIONS": "127.0.0.0/8",
            "EVENKEEL_WORKERS": WORKERS,
            "DATABASE_URL": self.database_url,
            "REDIS_URL": self.valkey.url,
            "PUBLIC_URL": self.url,
        }

    def start_all(self) -> None:
        self.valkey.start()
        self._start("emr", programs.emr(self.emr, self.secret, self.folder / "emr.jsonl"), self.env())
        self.manage("migrate")
        for machine, home in self.home_of.items():
            prepared.copy(home, database=False)
            self.manage("build", machine=machine)
        self.shell = Shell(ROOT, self.env())
        self.shell.run(SEED.format(addresses=self._addresses(), secret=self.secret))
        self.keys = self.ask(" ".join(KEYS.split()))
        for name in self.names():
            self.start(name)
        self.proxy.start()

    def names(self) -> list[str]:
        """Of all processes of ours, as "web 1"."""
        return [f"{what} {machine}" for what in ("web", "workers", "cron") for machine in self.home_of]

    def start(self, name: str) -> None:
        """Returns once it serves."""
        what, number = name.split()
        port = str(self.web_ports[int(number) - 1])
        words = {"web": ["web", "--port", port]}.get(what, [what])
        argv = _argv(self.roots.get(name, ROOT), *words)
        self._start(name, Program(name, argv), self.env(int(number)))
        if what == "web":
            self._wait_until_ready(port)

    def end(self, name: str, number: signal.Signals = signal.SIGTERM) -> int:
        """Returns once it has ended: with its code."""
        self.send(name, number)
        return self.wait(name)

    def send(self, name: str, number: signal.Signals) -> None:
        self._running[name].send_signal(number)

    def wait(self, name: str) -> int:
        """Until it has ended. Its code."""
        return self._running.pop(name).wait(ENDS_WITHIN)

    def stop(self) -> None:
        with ExitStack() as stack:
            stack.callback(self.valkey.kill)
            for process in self._running.values():
                stack.callback(process.wait, ENDS_WITHIN)
            for process in self._running.values():
                stack.callback(process.terminate)
            stack.callback(self.proxy.stop)
            stack.callback(self.shell.end)

    def manage(self, *words: str, machine: int = 1, root: Path = ROOT) -> None:
        """A command, from the shell of a machine."""
        env = self.env(machine)
        done = subprocess.run(_argv(root, *words), cwd=root, env=env, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr

    def ask(self, expression: str) -> Any:
        """The value of an expression over the models, as JSON holds it."""
        return self.shell.value(expression)

    def records(self) -> dict[str, Any]:
        """What the record system says of itself."""
        found: dict[str, Any] = httpx.get(f"http://127.0.0.1:{self.emr['control']}/received", timeout=5).json()
        return found

    def client(self, kind: str = "", timeout: float = 10.0) -> httpx.Client:
        """A browser that trusts nginx; of this kind of device, or of nobody."""
        name, value = self.keys[kind] if kind else ("", "")
        tls, headers = self.proxy.trusting(), {"Origin": self.url}
        client = httpx.Client(base_url=self.url, timeout=timeout, headers=headers, trust_env=False, verify=tls)
        if kind:
            client.cookies.set(name, value, domain=f"{HOST}.local", path="/")
        return client

    def get(
        self, machine: int, path: str, kind: str = "", headers: Mapping[str, str] | None = None
    ) -> httpx.Response:
        """What this machine's web process answers, asked past nginx and without its help."""
        said = {"Host": f"{HOST}:{self.proxy.port}", "X-Forwarded-Proto": "https", **(headers or {})}
        if kind:
            said["Cookie"] = "=".join(self.keys[kind])
        url = f"http://127.0.0.1:{self.web_ports[machine - 1]}{path}"
        return httpx.get(url, headers=said, trust_env=False, timeout=10)

    def pid(self, name: str) -> int:
        return self._running[name].pid

    def must_have_told_of_nobody(self) -> None:
        """No patient is in what processes, nginx and PostgreSQL wrote, nor in Redis or the figures."""
        with self.client() as client:
            client.get("/login/")
        figures = [
            httpx.get(f"http://127.0.0.1:{port}/metrics", trust_env=False, timeout=10) for port in self.web_ports
        ]
        canaries.must_be_absent(
            processes="".join(path.read_text(errors="replace") for path in sorted(self.folder.glob("*.log"))),
            requests="\n".join(self.proxy.lines()),
            nginx=self.proxy.logs(),
            postgresql=self.database_log.read_text(errors="replace"),
            redis=canaries.in_redis(self.redis()),
            figures="".join(page.text for page in figures if page.status_code == 200),
        )

    def redis(self) -> redis.Redis:
        return redis.Redis.from_url(self.valkey.url, socket_timeout=2)

    def log(self, name: str) -> str:
        return (self.folder / f"{name.replace(' ', '-')}.log").read_text()

    def _start(self, name: str, program: Program, env: dict[str, str]) -> None:
        # By which the database knows it, too.
        env = {**env, "PGAPPNAME": name, **(program.env or {})}
        with (self.folder / f"{name.replace(' ', '-')}.log").open("ab") as log:
            process = subprocess.Popen(list(program.argv), env=env, stdout=log, stderr=log)
        self._running[name] = process

    def _wait_until_ready(self, port: str) -> None:
        def is_ready() -> bool:
            try:
                return httpx.get(f"http://127.0.0.1:{port}/readyz", trust_env=False).status_code == 200
            except httpx.TransportError:
                return False

        until(is_ready, READY_WITHIN, f"the web process at {port} does not get ready")

    def _addresses(self) -> dict[str, str]:
        http = f"http://127.0.0.1:{self.emr['http']}/"
        return {"webhook": http, "fhir": f"{http}fhir", "hl7": f"mllp://127.0.0.1:{self.emr['mllp']}"}

    def _made(self, name: str) -> Path:
        (self.folder / name).mkdir()
        return self.folder / name


def _argv(root: Path, *words: str) -> list[str]:
    return [*programs.PYTHON, str(root / "manage.py"), *words]


@contextmanager
def running(folder: Path) -> Iterator[Cluster]:
    """All of it, started in a fresh folder. At its end no patient may be where none belongs."""
    folder.mkdir(parents=True, exist_ok=True)
    with postgres.running() as (database_url, log):
        cluster = Cluster(folder, database_url, log)
        try:
            cluster.start_all()
            yield cluster
            cluster.must_have_told_of_nobody()
        finally:
            cluster.stop()
