"""What an HL7 v2 acknowledgement says about the message that it answers, in words that name no patient."""

from __future__ import annotations

from clinic.integrations import er7
from clinic.integrations.er7 import Message, NotHL7
from clinic.integrations.masking import masked
from clinic.integrations.parcel import NotDelivered
from clinic.models.deliveries import Failure

TAKEN = frozenset({"AA", "CA"})
REFUSED = frozenset({"AR", "CR"})
TROUBLE = frozenset({"AE", "CE"})
MOST_TRIES = 3
LONGEST_WORDS = 150
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


def _said(message: Message, body: str) -> str:
    """What the other side says of it, masked, short and on one line; "" when it says nothing."""
    texts = (message.get(*place) for place in WORDS)
    words = next((text for text in texts if text.strip()), "")[:MOST_READ]
    plain = " ".join("".join(char if char.isprintable() else " " for char in words).split())
    sent = er7.parse(body)
    names = [sent.get("PID", 5, part) for part in (1, 2)]
    # Cut only then: half of a name is not known for one.
    return f": {masked(plain, names, sent.get('PID', 7))[:LONGEST_WORDS]}" if plain else ""
