"""The one thing that a page asks of us about the vendor: a token for its own topic, while the gate is open."""

from __future__ import annotations

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from realtime import gate, rights, tokens


@never_cache
@require_GET
def vendor_stream(request: HttpRequest, topic: str) -> HttpResponse:
    """`{"url", "seconds"}` of this topic's stream at the vendor; 409 while the gate is shut; 404 for strangers."""
    if rights.may_listen(topic, request.COOKIES, request.user) is None:
        raise Http404
    decision = gate.peek()
    if not decision.open:
        return JsonResponse({"error": decision.reason}, status=409)
    url = settings.ABLY_STREAM_URL
    query = f"channels={tokens.channel(topic)}&v=1.2&accessToken={tokens.for_browser(topic)}"
    return JsonResponse({"url": f"{url}?{query}", "seconds": tokens.BROWSER_LIFE})
