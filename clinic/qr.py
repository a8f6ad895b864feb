"""QR codes as SVG inside a page: no request, no script, nobody else who hears of the address."""

from __future__ import annotations

import segno
from django.utils.safestring import SafeString, mark_safe

# Modules of quiet around it, which cameras need to find it.
MARGIN = 4


def svg(text: str) -> SafeString:
    """Dark on light whatever the page's colours are: many cameras do not read the reverse. It has no size yet."""
    code = segno.make(text, error="m", micro=False)
    # Escaped by segno, and of squares alone.
    return mark_safe(code.svg_inline(border=MARGIN, dark="#000", light="#fff", omitsize=True))
