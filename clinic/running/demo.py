"""A whole Evenkeel on one machine: Valkey, a vendor and a record system to break, web, workers, cron."""

from __future__ import annotations

import base64
import json
import os
import secrets
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from clinic.running import home, programs, valkey
from clinic.running.child import Program
from clinic.running.supervisor import Supervisor

Pools = Sequence[tuple[str, int]]

HOST = "127.0.0.1"
PORT = 8000


@dataclass(frozen=True)
class Plan:
    """Every address and secret of one demo."""

    home: Path
    host: str
    port: int
    ports: dict[str, int]
    keys: dict[str, str]
    emr_ports: dict[str, int]
    emr_secret: str

    @property
    def url(self) -> str:
        return f"http://{self.host}:{self.port}"

    @property
    def control(self) -> str:
        return f"http://{HOST}:{self.ports['control']}"

    @property
    def emr_control(self) -> str:
        """Where the record systems are broken, and say what they took."""
        return f"http://{HOST}:{self.emr_ports['control']}"

    @property
    def emr_port(self) -> int:
        """For webhooks and FHIR."""
        return self.emr_ports["http"]

    @property
    def emr_addresses(self) -> dict[str, str]:
        """Of the record systems, by kind of destination."""
        http = f"http://{HOST}:{self.emr_port}/"
        return {"webhook": http, "fhir": f"{http}fhir", "hl7": f"mllp://{HOST}:{self.emr_ports['mllp']}"}

    @property
    def ca_file(self) -> Path:
        return self.home / "vendor-ca.pem"

    def env(self) -> dict[str, str]:
        """The settings of every process of this demo; also what a shell on this home finds."""
        return {
            "EVENKEEL_HOME": str(self.home),
            "EVENKEEL_DEMO": "yes",
            "EVENKEEL_DEMO_CONTROL": self.control,
            "EVENKEEL_DEMO_EMR_CONTROL": self.emr_control,
            "EVENKEEL_PRIVATE_DESTINATIONS": "127.0.0.0/8",
            "EVENKEEL_SECRET_KEY": os.environ.get("EVENKEEL_SECRET_KEY") or home.secret_key(self.home),
            "PUBLIC_URL": self.url,
            "REDIS_URL": valkey.url(self.home),
            "ABLY_PUBLISH_KEY": self.keys["publish"],
            "ABLY_SUBSCRIBE_KEY": self.keys["subscribe"],
            "ABLY_ENDPOINT": HOST,
            "ABLY_TLS_PORT": str(self.ports["tls"]),
            "ABLY_STREAM_URL": f"http://{HOST}:{self.ports['plain']}/sse",
        }


def plan(folder: Path, host: str = HOST, port: int = PORT) -> Plan:
    """Chooses what is left to choose. Secrets and the ports behind the scenes are made once a home."""
    kept = json.loads(home.make_once(folder / "demo.json", _choose))
    numbers = [*kept["ports"].values(), *kept.get("emr_ports", {}).values()]
    if "emr_ports" not in kept or any(home.port_taken(HOST, number) for number in numbers):
        # A home of an older Evenkeel had fewer.
        kept = {**kept, **_ports()}
        kept.pop("emr_port", None)
        home.write_private(folder / "demo.json", json.dumps(kept))
    return Plan(folder, host, port, **kept)


def all_programs(plan: Plan, workers: Pools) -> Iterator[Program]:
    """Everything, in the order of starting. `workers`: how many of each pool."""
    env = plan.env()
    # The vendor's SDK trusts the demo's own authority; nothing else does.
    trusting = {**env, "SSL_CERT_FILE": str(plan.ca_file)}
    plan.ca_file.unlink(missing_ok=True)
    yield valkey.program(plan.home)
    yield programs.standin(plan.ports, plan.ca_file, plan.keys)
    yield programs.emr(plan.emr_ports, plan.emr_secret, plan.home / "emr.jsonl")
    yield programs.web(plan.host, plan.port, env)
    yield from programs.workers(workers, trusting)
    yield programs.cron(env)


def start(
    plan: Plan, workers: Pools, supervisor: Supervisor, prepare: Callable[[], None], say: Callable[[str], object]
) -> None:
    """Starts everything and says what it does; each is ready when this returns.

    `prepare` is called once Valkey is there, so that what it changes is told like any change.
    """
    for program in all_programs(plan, workers):
        say(f"starting {program.name}")
        supervisor.add(program)
        if program.name == "valkey":
            prepare()
    home.write_run(plan.home, {"env": plan.env()})


def summary(plan: Plan, supervisor: Supervisor, people: dict[str, list[str]]) -> dict[str, Any]:
    """The addresses, log-ins and process ids, as `manage.py demo --json` prints them."""
    pages = {name: f"{plan.url}/{name}/" for name in ("kiosk", "monitor", "desk", "ops", "admin")}
    return {**pages, "vendor": plan.control, "login": people, "pids": supervisor.pids()}


def _choose() -> str:
    keys = {kind: f"demo.{kind}:{secrets.token_urlsafe(32)}" for kind in ("publish", "subscribe")}
    secret = "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()
    return json.dumps({"keys": keys, "emr_secret": secret, **_ports()})


def _ports() -> dict[str, Any]:
    names = {"ports": ("control", "plain", "tls"), "emr_ports": ("control", "http", "mllp")}
    return {whose: {name: home.free_port() for name in those} for whose, those in names.items()}
