"""`make bench`: the figures of the design, each beside its floor or rival, measured in the same run."""
