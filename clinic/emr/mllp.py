"""HL7 v2: reads just enough of a message to keep it and to acknowledge it in its own version."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass

from clinic.emr.faults import Mode
from clinic.emr.records import Records, Refused, Taken

CODES = {Mode.ERROR: "AE", Mode.BUSY: "AE", Mode.REJECT: "AR", Mode.GONE: "AR", Mode.OTHER: "AA"}
CHARSETS = {"UNICODE UTF-8": "utf-8", "8859/1": "latin-1", "ASCII": "ascii"}
ERROR_CODES = {"AE": "207^Application internal error^HL70357", "AR": "200^Unsupported message type^HL70357"}


@dataclass(frozen=True)
class Message:
    """`segments`: name to fields of its first segment, field n at place n, MSH as HL7 counts it."""

    text: str
    component: str
    segments: Mapping[str, list[str]]

    @classmethod
    def read(cls, frame: bytes) -> Message:
        """Raises ValueError when it is no HL7 v2, or not in the character set that it names."""
        if not frame.startswith(b"MSH") or len(frame) < 8:
            raise ValueError("no MSH segment")
        separator, component = frame[3:4].decode("ascii"), frame[4:5].decode("ascii")
        segments: dict[str, list[str]] = {}
        text = frame.decode(_charset(frame, separator))
        for line in filter(None, text.split("\r")):
            fields = line.split(separator)
            segments.setdefault(fields[0], fields)
        segments["MSH"].insert(1, separator)
        return cls(text, component, segments)

    def field(self, segment: str, number: int, component: int = 0) -> str:
        """A field, or one of its components counted from 1; "" where there is none."""
        fields = self.segments.get(segment, [])
        whole = fields[number] if number < len(fields) else ""
        parts = whole.split(self.component)
        return whole if not component else parts[component - 1] if component <= len(parts) else ""

    def at(self) -> str:
        """When it happened, as digits that sort; the sender's clock when it does not say."""
        return self.field("EVN", 6) or self.field("EVN", 2) or self.field("MSH", 7)

    def visit(self) -> str:
        """The visit's number; of a booking, that of the appointment."""
        return self.field("PV1", 19, 1) or self.field("SCH", 1, 1) or self.field("SCH", 2, 1)


class Mllp:
    """Answers frames."""

    def __init__(self, records: Records) -> None:
        self._records = records

    def answer(self, frame: bytes) -> bytes:
        """AA for what was taken, AR for what cannot be, AE for what makes no sense."""
        try:
            message = Message.read(frame)
        except ValueError as error:
            return acknowledgement(Message("", "^", {}), "AE", str(error))
        if not message.field("MSH", 10):
            return acknowledgement(message, "AE", "no control id")
        try:
            self._records.take(_taken(message))
        except Refused as error:
            return acknowledgement(message, "AR", str(error))
        return acknowledgement(message, "AA")

    def refuse(self, frame: bytes, mode: Mode) -> bytes:
        """As the mode says; `other` acknowledges somebody else's message."""
        try:
            message = Message.read(frame)
        except ValueError:
            return self.answer(frame)
        other = "SOMEBODY-ELSES" if mode is Mode.OTHER else None
        code = CODES[mode]
        return acknowledgement(message, code, "" if code == "AA" else f"told to: {mode}", control_id=other)


def acknowledgement(message: Message, code: str, why: str = "", *, control_id: str | None = None) -> bytes:
    """An ACK in the version and with the separators of the message; `why` stands where that version has it."""
    sep, comp = message.field("MSH", 1) or "|", message.component
    encoding, version = message.field("MSH", 2) or "^~\\&", message.field("MSH", 12) or "2.5.1"
    event = message.field("MSH", 9, 2)
    kind = comp.join(["ACK", event, "ACK"]) if event else "ACK"
    now, control = time.strftime("%Y%m%d%H%M%S", time.gmtime()), control_id or message.field("MSH", 10)
    ours = [f"MSH{sep}{encoding}", "RECORDS", "STANDIN", message.field("MSH", 3), message.field("MSH", 4)]
    head = sep.join([*ours, now, "", kind, f"A{time.time_ns()}"[:20], message.field("MSH", 11) or "P", version])
    has_err = tuple(version.split(".")) >= ("2", "5")
    lines = [head, sep.join(["MSA", code, control, *([] if has_err or not why else [why])])]
    if why and has_err:
        lines.append(sep.join(["ERR", "", "", ERROR_CODES[code].replace("^", comp), "E", "", "", "", why]))
    return "".join(f"{line}\r" for line in lines).encode("ascii", "replace")


def _taken(message: Message) -> Taken:
    return Taken(
        protocol="hl7",
        line=f"{message.field('MSH', 5)}^{message.field('MSH', 6)}",
        key=message.field("MSH", 10),
        type=message.field("MSH", 9),
        visit=message.visit(),
        body=message.text,
        place=message.at() or None,
        may_tie=True,
    )


def _charset(frame: bytes, separator: str) -> str:
    first = frame.split(b"\r", 1)[0].decode("latin-1").split(separator)
    named = first[17] if len(first) > 17 else ""
    if named and named not in CHARSETS:
        raise ValueError(f"unknown character set {named}")
    return CHARSETS.get(named, "ascii")
