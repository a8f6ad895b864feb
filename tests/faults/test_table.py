"""Every fault of the vendor, and some with Redis away beside it: the kiosk, the screens, who took it, recovery."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from realtime.standin import Mode
from realtime.transports.ably import SECONDS
from tests.faults.scene import Scene, assert_kiosk_and_screens_right
from tests.faults.table import Row

# Seconds that a job may take beside its one call to the vendor.
BESIDE = 0.5
NO_END = "no end after 1 s"


@dataclass(frozen=True)
class Expected:
    """Who takes a notice; why Ably does not, in any of these words; and what the two monitors say of their path.

    A stream that was open stays so under most faults; the bare monitor, which is opened under it, may get none.
    """

    path: str
    why: tuple[str, ...]
    monitor: str
    bare: str


# Where no byte comes, the SDK's own time-out and our deadline end in the same moment: either may be first.
EXPECTED = {
    Mode.OK: Expected("ably", ("",), "both", "vendor"),
    Mode.REFUSE: Expected("channels", ("ConnectError",), "own", "poll"),
    Mode.SILENT: Expected("channels", ("ReadTimeout", NO_END), "both", "poll"),
    Mode.TLS_SILENT: Expected("channels", ("ConnectTimeout", NO_END), "both", "poll"),
    Mode.DRIP: Expected("channels", (NO_END,), "both", "poll"),
    Mode.SLOW_503: Expected("channels", ("ReadTimeout", NO_END), "both", "poll"),
    Mode.SLOW_200: Expected("channels", ("ReadTimeout", NO_END), "both", "poll vendor"),
    Mode.RATE_LIMITED: Expected("channels", ("429",), "both", "poll"),
    Mode.HTML_200: Expected("channels", ("Unsupported content type",), "both", "poll"),
    Mode.PARTIAL: Expected("channels", ("did not confirm all",), "both", "vendor"),
    Mode.CUT_STREAM: Expected("ably", ("",), "both own", "poll vendor"),
    Mode.DEAF: Expected("ably", ("",), "both", "vendor"),
}


@pytest.mark.parametrize("fault", list(Mode))
def test_fault(scene: Scene, healthy: Row, fault: Mode) -> None:
    row, expected = scene.row, EXPECTED[fault]
    scene.stack.fault(fault)
    scene.play(stream=expected.bare == "vendor")
    scene.recover(scene.check_in_by_ably)
    assert_kiosk_and_screens_right(row, healthy)
    assert row.taken.keys() == {expected.path}
    assert any(words in row.problem for words in expected.why) and bool(row.problem) == (expected.path != "ably")
    assert row.job_seconds < SECONDS + BESIDE
    assert row.live[0] in expected.monitor.split() and row.live[1] in expected.bare.split()
