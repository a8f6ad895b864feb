"""`make soak`: the long tests, in parts, with a ledger of what was run and what was lost."""
