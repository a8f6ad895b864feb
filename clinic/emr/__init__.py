"""A medical record system of our own, for the demo, the drill, the bench and tests: takes all, fails on command.

It speaks HL7 v2 over MLLP, FHIR R4 and signed webhooks. It knows nothing of Django, and shares no code with the
senders of `clinic.integrations`, whose mistakes it would share too. Run it by `manage.py demo_emr`, in an event
loop by `RecordSystem`, or in a thread beside a test:

    with listening("whsec_...") as emr:
        emr.fault("lost", only="mllp", count=1)
        print(emr.hook_url, emr.fhir_url, emr.mllp_url, emr.received()["violations"])

A message passes through these files in this order: server (sockets), wire (bytes), faults (what it does to this
one), webhooks, fhir or mllp (the protocol), records (what was taken). control answers on a port of its own.
"""

from clinic.emr.beside import Beside, listening
from clinic.emr.faults import Mode
from clinic.emr.server import Numbers, RecordSystem

__all__ = ["Beside", "Mode", "Numbers", "RecordSystem", "listening"]
