"""Ticket codes: one letter and two or three digits, easy to hear and to read from the back of the room."""

from __future__ import annotations

LETTERS = "ABCDEFGHJKLMNPRTUVWXY"
SHORT, LONG = 90, 900


def ticket(number: int) -> str:
    """The code of the clinic day's `number`-th check-in, from 1: A10 to Y99, then A100 to Y999.

    I, O, Q, S and Z are left out, since they look like 1, 0, 5 and 2. Raises ValueError past the last code.
    """
    index = number - 1
    if 0 <= index < len(LETTERS) * SHORT:
        return f"{LETTERS[index // SHORT]}{10 + index % SHORT}"
    index -= len(LETTERS) * SHORT
    if 0 <= index < len(LETTERS) * LONG:
        return f"{LETTERS[index // LONG]}{100 + index % LONG}"
    raise ValueError(f"there is no ticket number {number} in a day")
