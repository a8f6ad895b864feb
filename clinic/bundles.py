"""One style sheet and one script for each audience, joined from their sources: a page asks for few files."""

from __future__ import annotations

from pathlib import Path

from clinic.whole_files import write_whole

SHARED = ("css/tokens.css", "css/base.css")
LIVE = ("js/board.js", "js/live.js")

# What templates link to under bundles/, and what it is joined from under static/, in this order.
BUNDLES: dict[str, tuple[str, ...]] = {
    "kiosk.css": (*SHARED, *(f"css/kiosk{part}.css" for part in ("", "-answers", "-pages", "-keys", "-short"))),
    "kiosk.js": ("js/kiosk.js", "js/keys.js", "js/register.js", "js/heartbeat.js"),
    "monitor.css": (*SHARED, "css/monitor.css"),
    "monitor.js": (*LIVE, *(f"js/{noun}.js" for noun in ("sound", "calls", "screen", "register", "heartbeat"))),
    "offline.js": ("js/offline.js",),
    "staff.css": ("css/log-in.css",),
    "staff.js": ("js/server-clock.js", "js/log-in.js"),
    "desk.css": (*SHARED, "css/desk-alarm.css", "css/desk.css", "css/log-in.css"),
    "day.css": (*SHARED, "css/desk-alarm.css", "css/desk-day.css", "css/log-in.css"),
    "desk.js": (
        *LIVE,
        "js/press.js",
        *(f"js/desk{noun}.js" for noun in ("", "-find", "-keys", "-alarm", "-waits")),
    ),
    "alarm.js": (*LIVE, "js/desk-alarm.js", "js/desk-strip.js"),
    "forms.js": ("js/press.js",),
    "devices.css": (*SHARED, "css/desk-alarm.css", "css/devices.css", "css/log-in.css"),
    "devices.js": ("js/devices.js",),
    "pairing.js": ("js/pairing.js",),
    "measure.js": ("js/measure.js",),
    "audit.css": (*SHARED, "css/audit.css", "css/log-in.css"),
    "ops.css": (*SHARED, "css/ops.css", "css/log-in.css"),
    "ops.js": ("js/engine.js", "js/ops.js"),
    "engine.css": (*SHARED, "css/ops.css", "css/engine.css", "css/log-in.css"),
    "engine.js": ("js/engine.js",),
    "plain.css": (*SHARED, "css/plain.css"),
    "plain.js": ("js/plain.js",),
    "phone.css": (*SHARED, "css/phone.css"),
    "phone.js": (*LIVE, "js/phone.js"),
    "welcome.css": (*SHARED, "css/welcome.css"),
    "welcome.js": ("js/welcome.js",),
}


def make(sources: Path, target: Path) -> None:
    """Writes every bundle into the folder `target`, whose sibling is that of the fonts."""
    target.mkdir(parents=True, exist_ok=True)
    for name, parts in BUNDLES.items():
        write_whole(target / name, joined(sources, parts).encode())


def joined(sources: Path, parts: tuple[str, ...]) -> str:
    """The text of these files, one after another: each script of ours is a whole statement, strict by itself."""
    return "\n".join((sources / part).read_text() for part in parts)
