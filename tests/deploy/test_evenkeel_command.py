"""`evenkeel` of docs/deploy: the machine's settings, whoever calls it, wherever, whatever their shell has set."""

from __future__ import annotations

import json
import os
import pwd
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.deploy.commands import WRAPPER

USER = pwd.getpwuid(os.getuid()).pw_name
TELL = """
import json, os, sys
mask = os.umask(0)
print(json.dumps({"env": dict(os.environ), "in": os.getcwd(), "umask": mask, "said": sys.argv}))
sys.exit(3)
"""
SETTINGS = r"""
# DATABASE_URL=sqlite://
PUBLIC_URL=https://clinic.example
DATABASE_URL=postgresql://e:p%40s$HOME@db/evenkeel?sslmode=require&a=`b`
  EVENKEEL_WORKERS="notices=1,integrations=1"
EVENKEEL_EMAIL_FROM='A clinic <a@clinic.example>'
EVENKEEL_METRICS_TOKEN=first
EVENKEEL_METRICS_TOKEN=last
EVENKEEL_PROXIES="""


class Machine:
    """A set-up in a folder: two releases, each of which tells how it was called; `evenkeel` is the first's."""

    def __init__(self, root: Path) -> None:
        self.root, self.link, self.settings = root, root / "sbin" / "evenkeel", root / "evenkeel.env"
        for name in ("sbin", "backups", "elsewhere", "tools"):
            (root / name).mkdir()
        self.settings.write_text(SETTINGS)
        for name in ("first", "second"):
            self._unpack(root / "releases" / name)
        (root / "current").symlink_to("releases/first")
        self.link.symlink_to(root / "current" / "docs" / "deploy" / "evenkeel")

    def _unpack(self, release: Path) -> None:
        text = WRAPPER.read_text().replace("/etc/evenkeel/evenkeel.env", str(self.settings))
        text = text.replace("user=evenkeel", f"user={USER}", 1)
        text = text.replace("/var/lib/evenkeel-backups", str(self.root / "backups"))
        text = text.replace("path=", f"path={self.root}/tools:", 1)
        for name, content in (("docs/deploy/evenkeel", text), ("manage.py", TELL)):
            (release / name).parent.mkdir(parents=True, exist_ok=True)
            (release / name).write_text(content)
        (release / "docs/deploy/evenkeel").chmod(0o755)
        (release / ".venv" / "bin").mkdir(parents=True)
        (release / ".venv" / "bin" / "python").symlink_to(sys.executable)

    def call(self, *words: str, by: Path | None = None, **env: str) -> subprocess.CompletedProcess[str]:
        there = {"PATH": os.environ["PATH"], "LOGNAME": "root", **env}
        command, folder = [str(by or self.link), *words], self.root / "elsewhere"
        return subprocess.run(command, cwd=folder, env=there, capture_output=True, text=True, timeout=30)

    def told(self, *words: str, **more: Any) -> dict[str, Any]:
        done = self.call(*words, **more)
        assert done.returncode == 3, done.stderr
        return dict(json.loads(done.stdout))


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def test_settings_are_the_machine_s_and_nothing_else(machine: Machine) -> None:
    found = machine.told("check", EVENKEEL_HOME="/mine", PYTHONPATH="/mine", PGOPTIONS="-c lock_timeout=2s")["env"]
    assert found["DATABASE_URL"] == "postgresql://e:p%40s$HOME@db/evenkeel?sslmode=require&a=`b`"
    assert found["EVENKEEL_WORKERS"] == "notices=1,integrations=1"
    assert found["EVENKEEL_EMAIL_FROM"] == "A clinic <a@clinic.example>"
    assert (found["EVENKEEL_METRICS_TOKEN"], found["EVENKEEL_PROXIES"]) == ("last", "")
    assert found["PGOPTIONS"] == "-c lock_timeout=2s"
    assert not {"EVENKEEL_HOME", "PYTHONPATH", "evenkeel_begun"} & set(found)


def test_words_folder_mask_and_outcome(machine: Machine) -> None:
    found = machine.told("vendor", "stop", "--reason", "it's red; $(x) *")
    assert found["said"][1:] == ["vendor", "stop", "--reason", "it's red; $(x) *"]
    assert (found["in"], found["umask"]) == (str(machine.root / "backups"), 0o077)
    assert list((machine.root / "elsewhere").iterdir()) == []


def test_it_runs_the_code_that_it_lies_in(machine: Machine) -> None:
    first, second = machine.root / "releases" / "first", machine.root / "releases" / "second"
    assert machine.told("migrate")["said"][0] == str(first / "manage.py")
    by = second / "docs" / "deploy" / "evenkeel"
    assert machine.told("migrate", by=by)["said"][0] == str(second / "manage.py")


def test_audit_hears_who_it_was(machine: Machine) -> None:
    assert machine.told("check")["env"]["LOGNAME"] == "root"
    assert machine.told("check", SUDO_USER="olu")["env"]["LOGNAME"] == "olu"


def test_another_user_becomes_the_service_s(machine: Machine) -> None:
    """Shown by what it asks of setpriv; only root may really do it."""
    script = machine.root / "releases" / "first" / "docs" / "deploy" / "evenkeel"
    script.write_text(script.read_text().replace(f"user={USER}", "user=somebody", 1))
    setpriv = machine.root / "tools" / "setpriv"
    setpriv.write_text('#!/bin/sh\nprintf "%s\\n" "$@"\n')
    setpriv.chmod(0o755)
    said = machine.call("check").stdout.splitlines()
    release = script.parents[2]
    assert said[:3] == ["--reuid=somebody", "--regid=somebody", "--init-groups"]
    assert said[3:] == [str(release / ".venv/bin/python"), str(release / "manage.py"), "check"]


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        (None, "cannot be read. As root: sudo evenkeel vendor status"),
        ("DATABASE_URL=postgresql://e:a\\b@db/evenkeel\n", "DATABASE_URL has a backslash"),
    ],
)
def test_what_it_cannot_read_as_the_units_do_it_does_not_guess(
    machine: Machine, lines: str | None, said: str
) -> None:
    machine.settings.unlink()
    if lines:
        machine.settings.write_text(lines)
    done = machine.call("vendor", "status")
    assert (done.returncode, done.stdout) == (1, "")
    assert said in done.stderr and len(done.stderr.splitlines()) == 1 and "a\\b" not in done.stderr
