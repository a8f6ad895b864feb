"""How many generated examples: the same ones in each run of the tests; others, and ten times as many, in a soak.

`make soak ARGS=models` is the soak, or `MODEL_SOAK=10 pytest tests/models`: another seed each time, printed
by a failure.
"""

from __future__ import annotations

import os

from hypothesis import HealthCheck, Phase, settings

SOAK = int(os.environ.get("MODEL_SOAK", "0"))
STEPS = 50


def of(examples: int) -> settings:
    """Settings of a state machine with that many examples of STEPS steps in the tests."""
    return settings(
        max_examples=examples * max(1, SOAK),
        stateful_step_count=STEPS,
        derandomize=not SOAK,
        database=None,
        deadline=None,
        # A soak says the shortest steps to a failure, which may take minutes; a test says the first that it met.
        phases=list(Phase) if SOAK else [Phase.explicit, Phase.generate],
        print_blob=bool(SOAK),
        suppress_health_check=list(HealthCheck),
    )
