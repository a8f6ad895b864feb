"""What a browser may do with our pages. For the settings: imports nothing of ours."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

# What browsers lend to pages, as far as it reaches beyond them: ours use nothing of it but sound and the wake lock
# of a wait-room screen. Each word travels with each answer.
_UNUSED = (
    *("bluetooth", "camera", "clipboard-read", "display-capture", "geolocation", "hid", "microphone", "midi"),
    *("payment", "serial", "usb"),
)
HSTS = f"max-age={365 * 24 * 3600}"
PERMISSIONS_POLICY = ", ".join([f"{name}=()" for name in _UNUSED] + ["autoplay=(self)", "screen-wake-lock=(self)"])


NOTHING = ("default-src", "base-uri", "form-action", "frame-ancestors")


def everywhere(*, https: bool, frame_options: str) -> dict[str, str]:
    """For each answer that says nothing else of it. What is no page of ours may load nothing."""
    headers = {
        "Cache-Control": "no-store",
        "Content-Security-Policy": "; ".join(f"{what} 'none'" for what in NOTHING),
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Permissions-Policy": PERMISSIONS_POLICY,
        "Referrer-Policy": "same-origin",
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": frame_options,
    }
    return headers | ({"Strict-Transport-Security": f"{HSTS}; includeSubDomains; preload"} if https else {})


def content_policy(public_url: str, stream_url: str, *, is_framed: bool) -> dict[str, Any]:
    """For django-csp. Scripts may call us and the vendor's stream. `is_framed`: a page of ours shows others."""
    stream = urlsplit(stream_url)
    frames = ["'self'"] if is_framed else ["'none'"]
    return {
        "DIRECTIVES": {
            "default-src": ["'self'"],
            "connect-src": ["'self'", public_url.replace("http", "ws", 1), f"{stream.scheme}://{stream.netloc}"],
            "img-src": ["'self'", "data:"],
            "object-src": ["'none'"],
            "base-uri": ["'none'"],
            "form-action": ["'self'"],
            "frame-src": frames,
            "frame-ancestors": frames,
        }
    }
