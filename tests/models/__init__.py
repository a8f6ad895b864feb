"""Model-based tests: generated steps, made both by the code and by a plain model of it, which must agree."""
