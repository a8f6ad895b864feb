"""The units of docs/deploy/systemd, against the code that they start; and by systemd itself where it is."""

from __future__ import annotations

import ast
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.core.management import get_commands, load_command_class

from tests.stack import ROOT

FOLDER = ROOT / "docs" / "deploy" / "systemd"
SERVICES = sorted(FOLDER.glob("*.service"))
UNITS = sorted(path for path in FOLDER.iterdir() if path.suffix != ".env")
CURRENT = "/opt/evenkeel/current"
SECTIONS = {
    ".service": {"Unit", "Service", "Install"},
    ".timer": {"Unit", "Timer", "Install"},
    ".target": {"Unit", "Install"},
}
HARDENED = {
    "User": "evenkeel",
    "NoNewPrivileges": "yes",
    "ProtectSystem": "strict",
    "ProtectHome": "yes",
    "PrivateTmp": "yes",
    "CapabilityBoundingSet": "",
    "EnvironmentFile": "/etc/evenkeel/evenkeel.env",
}
# What has to be served all the time, and what runs once and ends.
LASTING, AT_NIGHT = {"web", "workers", "cron", "hl7"}, {"backup", "purge"}

Entry = tuple[str, str, str]


def entries(unit: Path) -> Iterator[Entry]:
    """(section, name, value) of each line. AssertionError for one that is none."""
    section = ""
    for line in unit.read_text().splitlines():
        if not line or line.startswith(("#", ";")):
            continue
        if found := re.fullmatch(r"\[(\w+)\]", line):
            section = found[1]
            continue
        name, sign, value = line.partition("=")
        assert section and sign and re.fullmatch(r"[A-Z]\w+", name), f"{unit.name}: {line}"
        assert value == value.strip(), f"{unit.name}: {line}"
        yield section, name, value


def values(unit: Path, name: str) -> list[str]:
    return [value for _section, one, value in entries(unit) if one == name]


def noun(unit: Path) -> str:
    """ "web" of evenkeel-web@.service."""
    return unit.stem.removeprefix("evenkeel-").rstrip("@")


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_unit_has_the_sections_of_its_kind_and_says_what_it_is(unit: Path) -> None:
    found = list(entries(unit))
    assert {section for section, _name, _value in found} <= SECTIONS[unit.suffix]
    assert ("Unit", "Description") in {(section, name) for section, name, _value in found}


@pytest.mark.parametrize("unit", SERVICES, ids=lambda unit: unit.name)
def test_service_starts_a_command_that_there_is_with_words_that_it_takes(unit: Path) -> None:
    (line,) = values(unit, "ExecStart")
    python, manage, name, *words = shlex.split(line.replace("%i", "8001"))
    assert (python, manage) == (f"{CURRENT}/.venv/bin/python", f"{CURRENT}/manage.py")
    assert (ROOT / "manage.py").exists() and name in get_commands()
    command = load_command_class(get_commands()[name], name)
    command.create_parser("manage.py", name).parse_args(words)


@pytest.mark.parametrize("unit", SERVICES, ids=lambda unit: unit.name)
def test_service_may_do_no_more_than_it_must(unit: Path) -> None:
    found = {name: value for section, name, value in entries(unit) if section == "Service"}
    assert HARDENED.items() <= found.items()
    assert "evenkeel" in found["StateDirectory"].split()


@pytest.mark.parametrize("unit", SERVICES, ids=lambda unit: unit.name)
def test_service_comes_after_what_it_needs_and_lasts_or_has_its_hour(unit: Path) -> None:
    assert {"network-online.target", "postgresql.service"} <= set(" ".join(values(unit, "After")).split())
    if noun(unit) in LASTING:
        assert values(unit, "Restart") == ["always"] and values(unit, "StartLimitIntervalSec") == ["0"]
        assert values(unit, "TimeoutStopSec")
    else:
        assert noun(unit) in AT_NIGHT and values(unit, "Type") == ["oneshot"]
        assert values(unit.with_suffix(".timer"), "OnCalendar") and not values(unit, "Restart")


@pytest.mark.parametrize(
    "unit", [one for one in UNITS if noun(one) in LASTING or one.suffix == ".timer"], ids=lambda unit: unit.name
)
def test_what_ends_with_the_target_comes_back_with_it(unit: Path) -> None:
    """Where it is enabled: which of them a machine has is its own choice."""
    assert values(unit, "PartOf") == values(unit, "WantedBy") == ["evenkeel.target"]


def test_target_comes_with_the_machine_and_has_no_list_of_its_own() -> None:
    assert values(FOLDER / "evenkeel.target", "WantedBy") == ["multi-user.target"]
    assert not values(FOLDER / "evenkeel.target", "Wants")


def test_example_of_settings_names_only_settings_and_holds_no_secret() -> None:
    text = (FOLDER / "evenkeel.env").read_text()
    lines = re.findall(r"^#?([A-Z_]+)=(.*)$", text, flags=re.M)
    known = {name for name, _value in lines}
    assert {"PUBLIC_URL", "EVENKEEL_HOME", "REDIS_URL", "DATABASE_URL"} <= known <= settings_of_ours()
    assert not [name for name, value in lines if value and re.search("SECRET|TOKEN|_KEY", name)]


def settings_of_ours() -> set[str]:
    """Every name that settings.py reads from the environment."""
    tree = ast.parse((ROOT / "clinic" / "settings.py").read_text())
    words = {
        node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    return {word for word in words if re.fullmatch(r"(EVENKEEL|ABLY|DATABASE|REDIS|PUBLIC)_[A-Z_]+", word)}


def test_the_environment_file_is_what_settings_take(tmp_path: Path) -> None:
    """As systemd reads it, with nothing else: it is a whole setting of one machine."""
    for built in ("assets", "static"):
        (tmp_path / built).mkdir()
    lines = (FOLDER / "evenkeel.env").read_text().splitlines()
    env = dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))
    env["EVENKEEL_HOME"] = str(tmp_path)
    command = [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "WARNING"]
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr


def test_systemd_takes_the_units(tmp_path: Path) -> None:
    """Where there is a systemd. Where there is none, what it would say of names and words is held above."""
    analyze = shutil.which("systemd-analyze")
    for unit in UNITS:
        text = unit.read_text().replace(f"{CURRENT}/.venv/bin/python", sys.executable).replace(CURRENT, str(ROOT))
        assert CURRENT not in text
        (tmp_path / unit.name).write_text(text)
    if analyze is None:
        assert {unit.suffix for unit in UNITS} == set(SECTIONS)
        return
    paths = [str(tmp_path / unit.name) for unit in UNITS]
    done = subprocess.run([analyze, "verify", "--man=no", *paths], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")
