"""Our answer to a message: HL7's acknowledgement, original mode, or enhanced where the sender asks for it."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils import timezone

from clinic.integrations import charsets, er7
from clinic.integrations.er7 import Field
from clinic.models.deliveries import new_key

TAKEN, ERROR, REJECTED = "AA", "AE", "AR"
OLDEST_WITH_REASONS = "2.5"
LONGEST_ECHO = 50


@dataclass(frozen=True)
class Verdict:
    """What we say to a message: TAKEN, ERROR (it may be put right and sent again) or REJECTED (it never will be).

    `reason`: in plain words, without patient data; also for one that was taken and changed nothing. `error`: of
    HL7's table 0357.
    """

    code: str
    reason: str = ""
    error: str = ""


def acknowledge(message: er7.Message | None, verdict: Verdict) -> str:
    """The text of the answer to a message; to None where it could not be read at all."""
    named = _head(message, 18)
    charset = named if charsets.codec(named) else charsets.UTF_8
    segments: list[tuple[str, dict[int, Field]]] = [
        ("MSH", _header(message, named if charset == named else "")),
        ("MSA", {1: _code(message, verdict), 2: _head(message, 10, longest=199), 3: verdict.reason}),
    ]
    if verdict.error and _head(message, 12) >= OLDEST_WITH_REASONS:
        segments.append(("ERR", {3: (verdict.error, "", "HL70357"), 4: "E", 8: verdict.reason}))
    return er7.encode(segments, charset)


def _header(message: er7.Message | None, charset: str) -> dict[int, Field]:
    """What they called us is what we call ourselves."""
    event = _head(message, 9, 2)
    return {
        3: _head(message, 5),
        4: _head(message, 6),
        5: _head(message, 3),
        6: _head(message, 4),
        7: timezone.now().strftime("%Y%m%d%H%M%S+0000"),
        9: ("ACK", event, "ACK") if event else "ACK",
        10: new_key(),
        11: _head(message, 11) or "P",
        12: _head(message, 12) or "2.5.1",
        18: charset,
    }


def _code(message: er7.Message | None, verdict: Verdict) -> str:
    """A sender that names conditions in MSH-15 speaks the enhanced mode: it wants to know that we have it."""
    return verdict.code.replace("A", "C", 1) if _head(message, 15) else verdict.code


def _head(message: er7.Message | None, field: int, component: int = 1, longest: int = LONGEST_ECHO) -> str:
    return message.get("MSH", field, component)[:longest] if message else ""
