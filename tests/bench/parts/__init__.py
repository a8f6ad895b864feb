"""The parts of the bench: each starts what it needs, and gives its rows."""
