"""Backups: one file that holds the database, copied by its own means, and a list of what must be in it."""
