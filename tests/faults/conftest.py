"""The stack and the browser of tests/browser, the screens that stay open, and the table at the end of a run."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser

from tests.browser.conftest import browser, stack
from tests.faults import table
from tests.faults.fan_out import FanOut
from tests.faults.scene import STREAMS, Scene
from tests.faults.screens import Screens, open_screens
from tests.stack import Stack

__all__ = ["browser", "stack"]

ROWS = pytest.StashKey[list[table.Row]]()


@pytest.fixture(scope="session")
def screens(browser: Browser, stack: Stack) -> Iterator[Screens]:
    with open_screens(browser, stack) as screens:
        screens.wait_for_streams(STREAMS)
        yield screens


@pytest.fixture
def rows(pytestconfig: pytest.Config) -> list[table.Row]:
    """Of the table that the run prints at its end."""
    return pytestconfig.stash.setdefault(ROWS, [])


@pytest.fixture(scope="session")
def healthy(stack: Stack, screens: Screens) -> table.Row:
    """What is measured while all is well."""
    scene = Scene(stack, screens, FanOut(stack), table.Row("healthy"))
    for _patient in range(3):
        scene.check_in_alone()
    scene.send_home()
    return scene.row


@pytest.fixture
def scene(
    stack: Stack, screens: Screens, rows: list[table.Row], request: pytest.FixtureRequest
) -> Iterator[Scene]:
    """It begins and ends well, with both monitors on the vendor's stream. The usual one is never reloaded."""
    scene = Scene(stack, screens, FanOut(stack), table.Row(request.node.callspec.id))
    screens.monitor.evaluate("window.notReloaded = true")
    rows.append(scene.row)
    scene.fan_out.forget()
    yield scene
    stack.fault("ok")
    scene.fan_out.forget()
    scene.send_home()
    screens.wait_for_streams(STREAMS)
    assert screens.monitor.evaluate("window.notReloaded")


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """Prints the table of faults; FAULT_TABLE names a file that gets it as Markdown."""
    rows = config.stash.get(ROWS, [])
    if not rows:
        return
    terminalreporter.section("faults")
    for line in table.text(rows):
        terminalreporter.write_line(line)
    if path := os.environ.get("FAULT_TABLE"):
        Path(path).write_text(table.markdown(rows))
