"""What an HL7 v2 acknowledgement says about the message that it answers, in words that name no patient."""

from __future__ import annotations

import re

from clinic.integrations import er7
from clinic.integrations.er7 import Message, NotHL7
from clinic.integrations.parcel import NotDelivered
from clinic.models.deliveries import Failure
from clinic.names import fold

TAKEN = frozenset({"AA", "CA"})
REFUSED = frozenset({"AR", "CR"})
TROUBLE = frozenset({"AE", "CE"})
MOST_TRIES = 3
LONGEST_WORDS = 150
MASK = "…"
# Number, names, birth date and phone of the patient, as `hl7_messages` writes them.
PERSONAL = (("PID", 3, 1), ("PID", 5, 1), ("PID", 5, 2), ("PID", 7, 1), ("PID", 13, 1), ("PID", 13, 12))
# Where words about a failure stand: in ERR since 2.5, in ERR before, in MSA of old; the first is the plainest.
WORDS = (
    ("ERR", 8, 1, 1),
    ("ERR", 7, 1, 1),
    ("MSA", 3, 1, 1),
    ("ERR", 3, 2, 1),
    ("ERR", 1, 4, 2),
    ("MSA", 6, 2, 1),
)
MOST_READ = 1000
# A phone number or a date, however it is grouped.
_LONG_NUMBER = re.compile(r"\(?\d[\d\s().+/:-]{3,}\d")
_WORD = re.compile(r"\w+")


def must_be_taken(key: str, body: str, answer: bytes) -> None:
    """Raises NotDelivered unless `answer` says that the message `body`, whose MSH-10 is `key`, was taken."""
    try:
        message = er7.parse(answer, is_lenient=True)
    except NotHL7 as error:
        raise NotDelivered(Failure.PROTOCOL, f"its answer is no HL7: {error}") from None
    if not message.all("MSA"):
        raise NotDelivered(Failure.PROTOCOL, "its answer is no acknowledgement")
    if message.get("MSA", 2).strip() != key:
        raise NotDelivered(Failure.PROTOCOL, "it acknowledged another message than ours")
    code = message.get("MSA", 1).strip().upper()
    if code in REFUSED:
        raise NotDelivered(Failure.REJECTED, f"it refused it ({code}){_said(message, body)}")
    if code in TROUBLE:
        why = f"it could not process it ({code}){_said(message, body)}"
        raise NotDelivered(Failure.ERROR, why, most_tries=MOST_TRIES)
    if code not in TAKEN:
        raise NotDelivered(Failure.PROTOCOL, "its acknowledgement has a code that the standard does not know")


def without_patient(words: str, body: str) -> str:
    """Somebody's words about the message `body`, without what in them may come from its patient."""
    parts = _personal(er7.parse(body))
    for part in sorted(parts, key=len, reverse=True):
        # Short ones stand within other words, too.
        if len(part) > 3 or not part.isascii():
            words = re.sub(re.escape(part), MASK, words, flags=re.IGNORECASE)
    words = _LONG_NUMBER.sub(MASK, words)
    folded = {fold(part) for part in parts} - {""}
    return _WORD.sub(lambda found: MASK if fold(found[0]) in folded else found[0], words)


def _said(message: Message, body: str) -> str:
    """What the other side says of it, masked, short and on one line; "" when it says nothing."""
    texts = (message.get(*place) for place in WORDS)
    words = next((text for text in texts if text.strip()), "")[:MOST_READ]
    plain = " ".join("".join(char if char.isprintable() else " " for char in words).split())
    return f": {without_patient(plain, body)[:LONGEST_WORDS]}" if plain else ""


def _personal(message: Message) -> set[str]:
    """Each part of the patient's data, each word of it, and the birth date's year, month and day."""
    values = [message.get(*place) for place in PERSONAL]
    born = message.get("PID", 7)
    numbers = [born[:4], *(number for two in (born[4:6], born[6:]) for number in (two, two.lstrip("0")))]
    return {word for value in values for word in (value, *_WORD.findall(value))}.union(numbers) - {""}
