"""Runbooks and set-ups can be typed as they stand: every command, program, unit and file in them is there."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from fnmatch import fnmatch
from pathlib import Path

import pytest
from django.core.management import get_commands, load_command_class

from tests.deploy.commands import BOOKS, Words, blocks, commands, is_ours, ours, spans, typed, unset
from tests.stack import ROOT

DEPLOY = ROOT / "docs" / "deploy"
SYSTEMD = DEPLOY / "systemd"
UNITS = [path.name for path in SYSTEMD.iterdir() if path.suffix != ".env"]
# What Debian has without being asked, systemd and procps among it; and what a shell has in itself.
BASE = """
    adduser apt-get bash break cat cd chmod chown cp cut df echo find free grep install journalctl kill ln ls mkdir
    mv ps rm systemctl tail timeout
"""
AT_HAND = set(BASE.split())
each_book = pytest.mark.parametrize("book", BOOKS, ids=lambda path: path.stem)


def set_up(name: str) -> set[str]:
    """The packages that this set-up installs."""
    found = [words for words in typed(DEPLOY / name) if words[:2] == ["apt-get", "install"]]
    return {word for words in found for word in words[2:]}


@pytest.mark.parametrize(
    ("block", "found"),
    [
        ("a b  # c\nd", [["a", "b"], ["d"]]),
        ("X='y z' evenkeel migrate | jq '.a | b' > c", [["evenkeel", "migrate"], ["jq", ".a | b"], ["c"]]),
        ("for x in 1 2; do a $x || { b; break; }; done", [["a", "$x"], ["b"], ["break"]]),
        ("a \\\n  b && c", [["a", "b"], ["c"]]),
    ],
)
def test_commands_are_found_in_what_is_typed(block: str, found: list[Words]) -> None:
    assert list(commands(block)) == found


def test_what_a_block_reads_and_never_sets_is_found() -> None:
    assert unset('x=1; for y in 2; do echo "$x ${y#3} $1"; done') == set()
    assert unset('psql "$DATABASE_URL"') == {"DATABASE_URL"}


@each_book
def test_every_command_of_ours_is_there_and_takes_these_words(book: Path) -> None:
    for name, *words in ours(book):
        assert name in get_commands(), name
        load_command_class(get_commands()[name], name).create_parser("evenkeel", name).parse_args(words)


@each_book
def test_commands_of_ours_have_the_settings_of_the_machine(book: Path) -> None:
    """`manage.py` by itself has none of them, and answers for an Evenkeel that is not there."""
    assert [
        words for words in typed(book) if re.search(r"manage\.py$|^python|^psql|^pg_isready|^sqlite3", words[0])
    ] == []
    assert [
        span for span in spans(book) if re.match(r"manage\.py (?!workers$)|psql |pg_isready|sqlite3 ", span)
    ] == []
    assert {name for block in blocks(book) for name in unset(block)} == set()


@each_book
def test_what_is_typed_is_a_shell_s(book: Path) -> None:
    for block in blocks(book):
        done = subprocess.run(["sh", "-n"], input=block, capture_output=True, text=True)
        assert done.returncode == 0, f"{done.stderr}\n{block}"


@each_book
def test_every_program_is_at_hand_or_in_both_lists_of_packages(book: Path) -> None:
    programs = {words[0] for words in typed(book) if not is_ours(words[0])}
    assert programs - AT_HAND - {"pg_dump"} <= set_up("small.md") & set_up("several.md"), book


def test_each_set_up_has_its_database_s_shell() -> None:
    """Under `evenkeel dbshell`; and pg_dump, without which there is no backup."""
    assert "sqlite3" in set_up("small.md") and "postgresql-client" in set_up("several.md")


@each_book
def test_every_unit_of_ours_is_there(book: Path) -> None:
    named = [
        word
        for words in typed(book)
        if words[0] in ("systemctl", "journalctl")
        for word in words[1:]
        if word.startswith("evenkeel")
    ]
    assert [word for word in named if not any(fnmatch(unit, _pattern(word)) for unit in UNITS)] == []


def _pattern(word: str) -> str:
    """Of the unit's file: evenkeel-web@.service for evenkeel-web@8001."""
    name, dot, kind = re.sub(r"@[\w*$]+", "@", word).partition(".")
    return f"{name}{dot}{kind}" if dot or "*" in name else f"{name}.service"


@each_book
def test_every_file_of_ours_is_there(book: Path) -> None:
    named = re.findall(r"/opt/evenkeel/(?:current|releases/\w+)/([\w./-]+[\w])", book.read_text())
    named += [word for words in typed(book) for word in words if word.startswith(("docs/", "clinic/"))]
    for name in named:
        assert name.startswith(".venv/") or list(ROOT.glob(name)), name


def restarts() -> str:
    """The lines that restart one process after another."""
    (block,) = (block for block in blocks(DEPLOY / "release.md") if "try-restart" in block)
    return block


@pytest.mark.parametrize(
    ("dead", "asked", "said"),
    [
        ("", [8001, 8002, 8003], "@8003.service is back"),
        ("8001", [8001], "STOP: evenkeel-web@8001.service does not come back"),
        ("8002", [8001, 8002], "STOP: evenkeel-web@8002.service does not come back"),
    ],
)
def test_a_release_that_does_not_come_back_takes_no_other_web_process_down(
    dead: str, asked: list[int], said: str
) -> None:
    pretended = """
        systemctl() {
            case $1 in
                list-units) for n in 1 2 3; do echo "evenkeel-web@800$n.service loaded active"; done ;;
                *) echo "$@" ;;
            esac
        }
        curl() { for last; do :; done; [ "$last" != "http://127.0.0.1:%s/readyz" ]; }
    """
    done = subprocess.run(["sh", "-c", pretended % dead + restarts()], capture_output=True, text=True)
    assert re.findall(r"^restart evenkeel-web@(\d+)", done.stdout, flags=re.M) == [str(port) for port in asked]
    assert done.stdout.endswith(f"{said}\n") and done.stderr == ""
    assert done.stdout.index("try-restart evenkeel-workers") < done.stdout.index("restart evenkeel-web@")


def test_where_nginx_asks_web_processes_listen() -> None:
    """By a file that holds for each port of a machine."""
    text = (DEPLOY / "several.md").read_text()
    (start,) = re.findall(r"^ExecStart=(/.+)$", text, flags=re.M)
    words = start.partition("manage.py web ")[2].replace("%i", "8001").split()
    found = load_command_class(get_commands()["web"], "web").create_parser("manage.py", "web").parse_args(words)
    assert found.port == 8001 and f"server {found.host}:8001 " in (DEPLOY / "nginx" / "evenkeel.conf").read_text()
    assert f"such as {found.host}" in restarts() and "evenkeel-web@.service.d/" in text


def test_log_lines_are_picked_as_told() -> None:
    """Where there is a jq: of what a journal holds, ours and others', in any order."""
    line = {"at": "t", "level": "WARNING", "logger": "l", "message": "m", "request": "f40c2a9d61b0e7aa"}
    others = ["plain", "17", "null", '["x"]', json.dumps({**line, "level": "INFO", "request": "other"})]
    wanted = json.dumps({**line, "level": "ERROR"})
    told = [words for book in BOOKS for words in typed(book) if words[0] == "jq"]
    assert len(told) == 3
    for words in told if shutil.which("jq") else ():
        text = "\n".join([*others, wanted, *others])
        done = subprocess.run(words, input=text, capture_output=True, text=True)
        assert (done.returncode, done.stderr, len(done.stdout.splitlines())) == (0, "", 1), words
