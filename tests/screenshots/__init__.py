"""`make screenshots`: every main state of every screen, at its real size, for people to look at."""
