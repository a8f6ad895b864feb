"""What docs/ops and docs/deploy tell people to type: read as a shell would, and never run."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

from tests.stack import ROOT

BOOKS = sorted([*(ROOT / "docs" / "ops").glob("*.md"), *(ROOT / "docs" / "deploy").glob("*.md")])
WRAPPER = ROOT / "docs" / "deploy" / "evenkeel"
# What stands between two commands.
BETWEEN = re.compile(r"[;&|(){}<>]+")
EXPANSION = re.compile(r"\$\{[^}]*\}")
RESERVED = {"for", "do", "done", "if", "then", "else", "fi", "while", "until", "!", "in"}
ASSIGNED = re.compile(r"\w+=")
Words = list[str]


def blocks(book: Path) -> list[str]:
    """What is indented, and so for a shell; what is of another language stands between fences."""
    found: list[list[str]] = []
    is_fenced, goes_on = False, False
    for line in book.read_text().splitlines():
        is_fenced ^= line.lstrip().startswith("```")
        is_typed = line.startswith("    ") and not is_fenced
        if is_typed and not goes_on:
            found.append([])
        if is_typed:
            found[-1].append(line.strip())
        goes_on = is_typed
    return ["\n".join(lines) for lines in found]


def spans(book: Path) -> list[str]:
    """What stands in a line between backticks."""
    return re.findall(r"`([^`\n]+)`", book.read_text())


def typed(book: Path) -> Iterator[Words]:
    """Each command of its blocks, and each in a line that is one of ours."""
    for block in blocks(book):
        yield from commands(block)
    for span in spans(book):
        if re.match(r"(evenkeel|systemctl|journalctl) ", span):
            yield from commands(span)


def commands(block: str) -> Iterator[Words]:
    """Without assignments, and without the shell's own words."""
    for line in block.replace("\\\n", " ").splitlines():
        lexer = shlex.shlex(EXPANSION.sub("$", line), posix=True, punctuation_chars=";&|(){}<>")
        lexer.whitespace_split = True
        words: Words = []
        for token in [*lexer, ";"]:
            if not BETWEEN.fullmatch(token):
                words.append(token)
                continue
            if bare := _bare(words):
                yield bare
            words = []


def _bare(words: Words) -> Words:
    while words and (words[0] in RESERVED or ASSIGNED.match(words[0])):
        words = [] if words[0] == "for" else words[1:]
    return words


def ours(book: Path) -> list[Words]:
    """The words after `evenkeel`, or after a release's own copy of it."""
    return [words[1:] for words in typed(book) if is_ours(words[0])]


def is_ours(program: str) -> bool:
    return program == "evenkeel" or program.endswith("/docs/deploy/evenkeel")


def unset(block: str) -> set[str]:
    """What it reads and never sets: the answer would depend on the shell of whoever types it."""
    told = {name for pair in re.findall(r"\b(\w+)=|\bfor (\w+)", block) for name in pair}
    return set(re.findall(r"\$\{?([A-Za-z_]\w*)", block)) - told
