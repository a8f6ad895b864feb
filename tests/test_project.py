"""What is true of the project as a whole: migrations, the deploy check, the locks."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


def manage(*words: str, **env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "manage.py", *words],
        cwd=ROOT, env={**os.environ, **env}, capture_output=True, text=True, timeout=60,
    )  # fmt: skip


def test_no_migration_is_missing() -> None:
    done = manage("makemigrations", "--check", "--dry-run")
    assert done.returncode == 0, done.stdout


def test_deploy_check_is_clean_under_production_settings() -> None:
    production = {
        "PUBLIC_URL": "https://clinic.example",
        "EVENKEEL_SECRET_KEY": "pR0duct10n-" + "aB3" * 20,
        "DATABASE_URL": "postgresql://evenkeel@db.example/evenkeel",
        "REDIS_URL": "rediss://redis.example:6380/0",
    }
    done = manage("check", "--deploy", "--fail-level", "WARNING", **production)
    assert done.returncode == 0, done.stderr


def test_every_dependency_says_why_it_is_there() -> None:
    text = (ROOT / "pyproject.toml").read_text()
    lists = re.findall(r"(?:dependencies|dev) = \[\n(.*?)\n\]", text, flags=re.S)
    lines = [line for block in lists for line in block.splitlines()]
    assert len(lists) == 2
    assert [line for line in lines if "#" not in line] == []


def test_whatever_the_docs_name_is_there() -> None:
    missing = []
    for text in (ROOT / "README.md", *(ROOT / "docs").rglob("*.md")):
        said = re.findall(r"`((?:clinic|realtime|tests|static|templates|docs)/[\w./*-]*)`", text.read_text())
        missing += [f"{text.name}: {path}" for path in said if not any(ROOT.glob(path))]
        links = [link.partition("#")[0] for link in re.findall(r"\]\((?!https?:)([^)]+)\)", text.read_text())]
        missing += [f"{text.name}: {link}" for link in links if link and not (text.parent / link).exists()]
    assert missing == []


def test_each_decision_is_in_the_list_by_its_number() -> None:
    folder = ROOT / "docs" / "decisions"
    listed = re.findall(
        r"^(\d+)\. \[(.+)\]\((\d{4}-[a-z0-9-]+\.md)\)$", (folder / "README.md").read_text(), flags=re.M
    )
    assert [int(number) for number, _title, _name in listed] == list(range(1, len(listed) + 1))
    assert [name for _number, _title, name in listed] == sorted(path.name for path in folder.glob("0*.md"))
    wrong = [
        name
        for number, _title, name in listed
        if not name.startswith(f"{int(number):04}-")
        or not (folder / name).read_text().startswith(f"# {number}. ")
        or "**Chosen.**" not in (folder / name).read_text()
    ]
    assert wrong == []


@pytest.mark.parametrize("name", ["base.txt", "dev.txt"])
def test_locks_carry_hashes_and_name_no_registry(name: str) -> None:
    text = (ROOT / "requirements" / name).read_text()
    pins = re.findall(r"^[a-z0-9-]+==\S+", text, flags=re.M)
    assert len(pins) > 30
    assert text.count("--hash=sha256:") >= len(pins)
    assert not re.search(r"https?://|--index-url|--find-links", text)


def test_locks_hold_every_declared_dependency() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    for name, declared in (
        ("base.txt", project["dependencies"]),
        ("dev.txt", project["optional-dependencies"]["dev"]),
    ):
        locked = set(re.findall(r"^([a-z0-9-]+)==", (ROOT / "requirements" / name).read_text(), flags=re.M))
        wanted = {re.split(r"[\[<>=]", line)[0].lower().replace("_", "-") for line in declared}
        assert wanted <= locked, wanted - locked


def plain(name: str) -> str:
    """A package's name as all tools compare it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def test_everything_imported_is_declared() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    lines = [*project["dependencies"], *project["optional-dependencies"]["dev"]]
    declared = {re.split(r"[\[<>=]", line)[0].lower().replace("_", "-") for line in lines}
    homes = packages_distributions()
    foreign = {
        name
        for folder in ("clinic", "realtime", "tests")
        for path in (ROOT / folder).rglob("*.py")
        for name in re.findall(r"^ *(?:from|import) ([a-z_0-9]+)", path.read_text(), flags=re.M)
        if name in homes
    }
    assert len(foreign) > 20
    undeclared = {name: homes[name] for name in foreign if not declared & {plain(one) for one in homes[name]}}
    assert undeclared == {}
