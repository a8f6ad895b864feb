"""The gate: what may open it, and which part says no first."""

from __future__ import annotations

from typing import Any

import pytest

from realtime import gate, switch
from realtime.gate import Decision
from realtime.models import Switch


@pytest.mark.django_db
def test_ask_is_open_when_all_is_well() -> None:
    assert gate.ask() == Decision(True, "gate", "the vendor may be used")


@pytest.mark.django_db
def test_ask_reads_the_row_each_time() -> None:
    assert gate.ask().open
    switch.flip("off", by="olu", reason="slow")
    assert gate.ask() == Decision(False, "switch", "off by olu: slow")
    switch.flip("auto", by="olu", reason="well")
    assert gate.ask().open


@pytest.mark.parametrize("missing", ["ABLY_PUBLISH_KEY", "ABLY_SUBSCRIBE_KEY"])
def test_decide_without_a_key_is_shut_whatever_the_switch_says(settings: Any, missing: str) -> None:
    setattr(settings, missing, "")
    assert gate.decide(Switch()).by == "configuration"
    assert not gate.decide(Switch()).open


def test_decide_without_a_row_is_shut() -> None:
    decision = gate.decide(None)
    assert (decision.open, decision.by) == (False, "switch")


def test_decide_forced_off_is_shut(settings: Any) -> None:
    settings.VENDOR_FORCED_OFF = True
    assert not gate.decide(Switch()).open
