"""The rules of docs and design, read from the code itself: who may import whom, how long things may be."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
CODE = sorted(
    path
    for folder in ("clinic", "realtime")
    for path in (ROOT / folder).rglob("*.py")
    if "migrations" not in path.parts
)
TESTS = sorted((ROOT / "tests").rglob("*.py"))
VENDOR_HOMES = {"realtime/transports/ably.py", "realtime/tokens.py"}
LONGEST_FUNCTION, LONGEST_FILE = 50, 300

# who must not import whom: the left side's modules never import a right side's
FORBIDDEN = [
    ("realtime", ["clinic"]),
    (
        "clinic.models",
        ["clinic.services", "clinic.views", "clinic.presenters", "clinic.integrations", "clinic.admin"],
    ),
    ("clinic.services", ["clinic.views", "clinic.presenters", "clinic.forms", "clinic.admin", "clinic.inbound"]),
    ("clinic.integrations", ["clinic.services", "clinic.views", "clinic.presenters", "clinic.inbound"]),
    ("clinic.inbound", ["clinic.views", "clinic.presenters", "clinic.admin"]),
    ("clinic.presenters", ["clinic.views", "clinic.forms"]),
    ("realtime.transports", ["realtime.jobs", "realtime.notices", "realtime.hub", "realtime.gate"]),
]


def name_of(path: Path) -> str:
    """The dotted name of a module."""
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


@cache
def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text())


@cache
def imports(path: Path) -> list[tuple[str, bool]]:
    """Dotted names that a module imports, each with whether the import stands inside a function."""
    return list(_imports(path))


def _imports(path: Path) -> Iterator[tuple[str, bool]]:
    tree = tree_of(path)
    inside = {
        id(node)
        for function in ast.walk(tree)
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef)
        for node in ast.walk(function)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name, id(node) in inside) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from ((f"{node.module}.{alias.name}", id(node) in inside) for alias in node.names)


def is_in(name: str, package: str) -> bool:
    return name == package or name.startswith(package + ".")


@pytest.mark.parametrize(("who", "whom"), FORBIDDEN)
def test_imports_run_one_way(who: str, whom: list[str]) -> None:
    wrong = [
        f"{name_of(path)} imports {name}"
        for path in CODE
        if is_in(name_of(path), who)
        for name, _inside in imports(path)
        if any(is_in(name, package) for package in whom)
    ]
    assert wrong == []


def test_migrations_do_what_they_did_whatever_becomes_of_our_code() -> None:
    """Django itself refers to what models use, by name; all else a migration brings along."""
    paths = [path for app in ("clinic", "realtime") for path in (ROOT / app / "migrations").glob("0*.py")]
    names = {
        name for path in paths for name, _inside in imports(path) if name.split(".")[0] in ("clinic", "realtime")
    }
    assert names and {name for name in names if not name.startswith(("clinic.models", "realtime.models"))} == set()


def test_only_two_modules_know_the_vendors_sdk_and_tokens() -> None:
    knowing = {
        str(path.relative_to(ROOT))
        for path in CODE
        for name, _inside in imports(path)
        if is_in(name, "ably") or (is_in(name, "jwt") and not is_in(name_of(path), "realtime.standin"))
    }
    assert knowing == VENDOR_HOMES


def test_the_product_does_not_know_the_drill() -> None:
    wrong = [
        name_of(path)
        for path in CODE
        for name, _inside in imports(path)
        if is_in(name, "clinic.drill")
        and not is_in(name_of(path), "clinic.drill")
        and name_of(path) != "clinic.management.commands.drill"
    ]
    assert wrong == []


def test_the_product_does_not_know_its_stand_in() -> None:
    wrong = [
        name_of(path)
        for path in CODE
        for name, _inside in imports(path)
        if is_in(name, "realtime.standin")
        and not any(is_in(name_of(path), other) for other in ("realtime.standin", "clinic.emr", "clinic.drill"))
        and name_of(path) not in ("realtime.management.commands.standin", "clinic.management.commands.demo_emr")
    ]
    assert wrong == []


def test_the_product_does_not_know_its_record_system() -> None:
    wrong = [
        name_of(path)
        for path in CODE
        for name, _inside in imports(path)
        if is_in(name, "clinic.emr")
        and not any(is_in(name_of(path), other) for other in ("clinic.emr", "clinic.drill"))
        and name_of(path) != "clinic.management.commands.demo_emr"
    ]
    assert wrong == []


def test_the_record_system_shares_no_code_with_what_it_tests() -> None:
    mine = [path for path in CODE if is_in(name_of(path), "clinic.emr")]
    foreign = {
        name
        for path in mine
        for name, _inside in imports(path)
        if name.split(".")[0] in ("clinic", "realtime", "django")
    }
    assert mine and {one for one in foreign if not one.startswith(("clinic.emr", "realtime.standin"))} == set()


def test_no_import_hides_in_a_function() -> None:
    assert [f"{name_of(path)}: {name}" for path in CODE for name, inside in imports(path) if inside] == []


def test_imports_have_no_cycle() -> None:
    modules = {name_of(path) for path in CODE}
    graph = {name_of(path): {_module(name, modules) for name, _inside in imports(path)} & modules for path in CODE}
    while leaves := {module for module, needs in graph.items() if not needs}:
        graph = {module: needs - leaves for module, needs in graph.items() if module not in leaves}
    assert graph == {}


def _module(name: str, modules: set[str]) -> str:
    """The module that an import of `name` reads: itself, or the one that defines it."""
    return name if name in modules else name.rpartition(".")[0]


@pytest.mark.parametrize("paths", [CODE, TESTS], ids=["code", "tests"])
def test_functions_and_files_stay_short(paths: list[Path]) -> None:
    long = []
    for path in paths:
        text = path.read_text()
        if text.count("\n") > LONGEST_FILE:
            long.append(f"{path.name}: {text.count(chr(10))} lines")
        for node in ast.walk(tree_of(path)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                lines = (node.end_lineno or 0) - node.lineno + 1
                if lines > LONGEST_FUNCTION:
                    long.append(f"{path.name}: {node.name} has {lines} lines")
    assert long == []
