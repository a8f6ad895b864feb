"""Wait estimates: what to tell somebody of how long it will be. They inform; they never reorder anyone.

    found = estimates.range_for(visit)         # None: name the place in line, and no minutes
    found.low, found.high, found.is_paused

One query, and one more an hour and clinic. docs/estimates.md has the model and how well it does.
"""

from clinic.estimates.core import WaitRange, forecast
from clinic.estimates.live import promise, range_for

__all__ = ["WaitRange", "forecast", "promise", "range_for"]
