"""A local vendor that speaks Ably's REST and SSE and fails on command, for the demo, drills and tests.

It knows nothing of Django and nothing of Ably's SDK. Run it by `manage.py standin`, or in an event loop:

    async with StandIn([Key.parse("app.id:secret", "publish")]) as standin:
        print(standin.control_url, standin.port, standin.tls_port)

A request passes through these files in this order: server (sockets), wire (HTTP), vendor (the fault, then the
route), auth, publishing or streaming, broker. control answers on a port of its own.
"""

from realtime.standin.auth import Key
from realtime.standin.faults import Mode, Timing
from realtime.standin.server import StandIn

__all__ = ["Key", "Mode", "StandIn", "Timing"]
