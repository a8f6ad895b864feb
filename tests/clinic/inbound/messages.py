"""SIU messages as schedules write them, and the answers to them."""

from __future__ import annotations

from datetime import datetime

from clinic.inbound.receiver import receive

LATER = datetime(2030, 1, 1)


def siu(
    at: datetime | str,
    event: str = "S12",
    *,
    control_id: str = "MSG1",
    booking_id: str = "A1",
    name: str = "Miller^Bob",
    born: str = "19850417",
    phone: str = "(202)555-0143",
    facility: str = "harbor",
    head: str = "P|2.5.1",
    status: str = "",
) -> str:
    """The text of one; `at`: as SCH-11.4, or a moment, in UTC."""
    when = at if isinstance(at, str) else at.strftime("%Y%m%d%H%M%S+0000")
    return "\r".join(
        [
            f"MSH|^~\\&|SCHED|CITY|EVENKEEL|{facility}|20261125093000||SIU^{event}|{control_id}|{head}",
            f"SCH|P{booking_id}|{booking_id}|||||CHECKUP||||^^^{when}||||||||||||||{status}",
            f"PID|1||MRN7||{name}||{born}|M|||||{phone}",
            "RGS|1",
            "AIL|1||ROOM9\r",
        ]
    )


def tell(text: str | bytes) -> dict[str, str]:
    """Gives it to the receiver; the answer's code, reason and control id."""
    answer = receive(text.encode() if isinstance(text, str) else text)
    assert answer is not None
    return parts(answer.decode())


def parts(answer: str) -> dict[str, str]:
    lines = {line[:3]: line.split("|") for line in answer.split("\r") if line}
    msa = [*lines["MSA"], "", "", ""]
    error = [*lines.get("ERR", []), *[""] * 9]
    return {"code": msa[1], "id": msa[2], "reason": msa[3], "error": error[3].split("^")[0]}
