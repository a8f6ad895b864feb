"""What is counted of pages and of other systems. Each name is told of in docs/ops/figures.md."""

from __future__ import annotations

from realtime.tally import Counter, Histogram

PAGES = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)

REQUESTS = Histogram("evenkeel_request_seconds", "How long requests took in a web process.", PAGES, ("route",))
ANSWERS = Counter("evenkeel_requests", "Answers of the web processes.", ("route", "status"))
TRIES = Counter(
    "evenkeel_delivery_tries", "Calls to a destination: taken, or why not.", ("destination", "outcome")
)
AUDIT_MENDED = Counter("evenkeel_audit_mended", "Times that a chain of the audit did not end in its last row.")

ALL = (REQUESTS, ANSWERS, TRIES, AUDIT_MENDED)
