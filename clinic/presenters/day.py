"""How a day went, for a clinic's managers: waits, those who left, what was promised. No patient's name."""
