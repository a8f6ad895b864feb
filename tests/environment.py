"""The settings of a test run, set before Django reads them: pytest loads this first (`-p tests.environment`)."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

# Outside of the checkout, and made once: the workers of one run share it.
if "EVENKEEL_HOME" not in os.environ:
    os.environ["EVENKEEL_HOME"] = tempfile.mkdtemp(prefix="evenkeel-tests-")
HOME = Path(os.environ["EVENKEEL_HOME"])
os.environ.setdefault("EVENKEEL_SECRET_KEY", "only-for-tests-" + "x" * 50)
os.environ.setdefault("EVENKEEL_PRIVATE_DESTINATIONS", "127.0.0.0/8")
os.environ.setdefault("REDIS_URL", "redis://127.0.0.1:1/0")
os.environ.setdefault("ABLY_PUBLISH_KEY", "tests.publish:" + "p" * 43)
os.environ.setdefault("ABLY_SUBSCRIBE_KEY", "tests.subscribe:" + "s" * 43)
# Tests that have a PostgreSQL of their own: it warns of a machine that names no such place.
(HOME / "runtime").mkdir(mode=0o700, exist_ok=True)
os.environ.setdefault("XDG_RUNTIME_DIR", str(HOME / "runtime"))
for folder in ("static", "assets"):
    (HOME / folder).mkdir(exist_ok=True)
