"""What all tests share. Settings come from the environment, so it is set before Django reads it."""

from __future__ import annotations

import os
import tempfile

os.environ.setdefault("EVENKEEL_HOME", tempfile.mkdtemp(prefix="evenkeel-tests-"))
os.environ.setdefault("EVENKEEL_SECRET_KEY", "only-for-tests-" + "x" * 50)
os.environ.setdefault("REDIS_URL", "redis://127.0.0.1:1/0")
os.environ.setdefault("EVENKEEL_LOG_LEVEL", "INFO")
os.environ.setdefault("ABLY_PUBLISH_KEY", "tests.publish:" + "p" * 32)
os.environ.setdefault("ABLY_SUBSCRIBE_KEY", "tests.subscribe:" + "s" * 32)
