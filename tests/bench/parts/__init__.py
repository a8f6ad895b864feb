"""Each part starts what it needs, and gives its rows."""
