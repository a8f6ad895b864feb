"""The state of everything: what is true, the worst first, and the figures behind it. No patient data."""

from clinic.health.facts import Facts, gather
from clinic.health.truth import Truth
from clinic.health.truths import ALL_GOOD, Health, look

__all__ = ["ALL_GOOD", "Facts", "Health", "Truth", "gather", "look"]
