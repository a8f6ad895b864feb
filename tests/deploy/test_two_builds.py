"""A release: processes of the old and of the new build side by side, and no page without its files."""

from __future__ import annotations

import re
import shutil
import signal
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from tests.deploy.cluster import Cluster
from tests.deploy.rolling import Load, roll
from tests.stack import ROOT

PAGES = {"kiosk": "/kiosk/", "monitor": "/monitor/", "": "/login/"}
FILE = re.compile(r'(?:href|src)="(/static/[^"]+)"')
RULE = "\n.of-the-new-build { color: inherit }\n"


@dataclass(frozen=True)
class Page:
    """`build`: of the process that made it. `files`: what it links to."""

    build: str
    files: frozenset[str]


@pytest.fixture(scope="module")
def new_code(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """This code, with a style sheet changed that every page has."""
    root = tmp_path_factory.mktemp("release") / "new"
    root.mkdir()
    for name in ("clinic", "realtime", "templates", "static"):
        shutil.copytree(ROOT / name, root / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "manage.py", root)
    with (root / "static" / "css" / "tokens.css").open("a") as sheet:
        sheet.write(RULE)
    return root


@pytest.fixture(scope="module")
def built(cluster: Cluster, new_code: Path) -> Cluster:
    """On both machines, and started nowhere."""
    for machine in cluster.home_of:
        cluster.manage("build", machine=machine, root=new_code)
    return cluster


@pytest.fixture
def release(built: Cluster) -> Iterator[Cluster]:
    """At its end the old build runs again, everywhere."""
    cluster = built
    yield cluster
    for name in list(cluster.roots):
        del cluster.roots[name]
        roll(cluster, signal.SIGTERM, [name], print)


def page_of(answer: httpx.Response) -> Page:
    assert answer.status_code == 200, answer
    build = re.findall(r'data-build="(\w+)"', answer.text)
    return Page(build[0], frozenset(FILE.findall(answer.text)))


def start_new(cluster: Cluster, name: str, root: Path) -> None:
    cluster.roots[name] = root
    roll(cluster, signal.SIGTERM, [name], print)


def test_each_build_serves_the_files_of_both(release: Cluster, new_code: Path) -> None:
    start_new(release, "web 2", new_code)
    for kind, path in PAGES.items():
        old, new = (page_of(release.get(machine, path, kind)) for machine in (1, 2))
        assert old.build != new.build
        assert old.files != new.files, "the new build has no files of its own: nothing is shown"
        for file in sorted(old.files | new.files):
            answers = [release.get(machine, file) for machine in (1, 2)]
            assert [answer.status_code for answer in answers] == [200, 200], file
            assert answers[0].content == answers[1].content
            assert all("immutable" in answer.headers["Cache-Control"] for answer in answers)
            assert (RULE in answers[0].text) == (file in new.files - old.files and file.endswith(".css"))


def test_old_process_that_starts_again_after_the_build_names_its_own_files(release: Cluster) -> None:
    before = page_of(release.get(1, "/login/"))
    roll(release, signal.SIGKILL, ["web 1"], print)
    assert page_of(release.get(1, "/login/")) == before


def test_board_of_another_build_is_never_taken_for_known(release: Cluster, new_code: Path) -> None:
    start_new(release, "web 2", new_code)
    old = release.get(1, "/monitor/board/", "monitor")
    known = {"If-None-Match": old.headers["ETag"]}
    same, new = (release.get(machine, "/monitor/board/", "monitor", known) for machine in (1, 2))
    assert (same.status_code, new.status_code) == (304, 200)
    assert new.headers["X-Build"] != old.headers["X-Build"]


def test_nginx_finds_a_file_that_only_one_machine_has(release: Cluster) -> None:
    name = "only-here.0123456789ab.css"
    (release.home_of[2] / "static" / name).write_text("p { color: red }")
    with release.client() as client:
        assert {client.get(f"/static/{name}").status_code for _n in range(10)} == {200}
    assert release.get(1, f"/static/{name}").status_code == 404


def test_release_under_load_shows_nobody_an_error(release: Cluster, new_code: Path) -> None:
    load = Load(release, seed=7)
    builds = set()
    with load.under_way(), release.client("kiosk") as kiosk:
        for name in release.names():
            start_new(release, name, new_code)
            for _n in range(4):
                page = page_of(kiosk.get("/kiosk/"))
                builds.add(page.build)
                assert {kiosk.get(file).status_code for file in page.files} == {200}
        at_desk = dict(load.desk.repeats)
    assert len(builds) == 2, "both builds answered"
    summary = load.summary(at_desk)
    assert summary["problems"] == [], summary
