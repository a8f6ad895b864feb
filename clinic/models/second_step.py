"""The second step of a log-in: the key that an app on a phone shares with us, and ten codes on paper.

django-otp's own models keep both in clear. These keep neither: whoever reads the database can make no code.
"""

from __future__ import annotations

import hmac
import time
from base64 import b32encode
from collections.abc import Iterable
from hashlib import sha256
from secrets import token_bytes
from typing import Any
from urllib.parse import quote, urlencode

from django.conf import settings
from django.db import models
from django_otp.models import Device, ThrottlingMixin, TimestampMixin
from django_otp.oath import TOTP

from clinic.sealed import SECOND_STEPS

# What apps on phones take for granted: RFC 6238 with SHA-1.
DIGITS = 6
STEP_SECONDS = 30
# Steps before and after ours: a phone's clock is not quite right.
TOLERANCE = 1
KEY_BYTES = 20


def is_digits(token: str) -> bool:
    """Whether an app may have shown this; paper has letters and is longer."""
    return len(token) == DIGITS and token.isascii() and token.isdecimal()


def new_key() -> str:
    """Random, and sealed."""
    return SECOND_STEPS.close(token_bytes(KEY_BYTES))


class PhoneKey(TimestampMixin, ThrottlingMixin, Device):  # type: ignore[misc]
    """`drift`: steps by which the phone is known to be wrong. `last_t`: the step of the last right code."""

    sealed_key = models.TextField(default=new_key, editable=False)
    drift = models.SmallIntegerField(default=0)
    last_t = models.BigIntegerField(default=-1)

    class Meta:
        verbose_name = "phone key"

    @property
    def key(self) -> bytes:
        """20 bytes. Raises sealed.Unreadable."""
        return SECOND_STEPS.open(self.sealed_key)

    @property
    def config_url(self) -> str:
        """What an app reads from the picture. Raises sealed.Unreadable."""
        issuer = settings.OTP_TOTP_ISSUER.replace(":", "")
        said = {"secret": b32encode(self.key), "algorithm": "SHA1", "digits": DIGITS, "period": STEP_SECONDS}
        label = quote(f"{issuer}:{self.user.get_username()}")
        return f"otpauth://totp/{label}?{urlencode(said)}&issuer={quote(issuer)}"

    def verify_token(self, token: str) -> bool:
        """Takes a right code once; counts a wrong one, and is slower after it. Raises sealed.Unreadable."""
        totp = TOTP(self.key, step=STEP_SECONDS, digits=DIGITS, drift=self.drift)
        if not self.verify_is_allowed()[0]:
            return False
        totp.time = time.time()
        if not (is_digits(token) and totp.verify(int(token), TOLERANCE, self.last_t + 1)):
            self.throttle_increment()
            return False
        self.last_t, self.drift = totp.t(), totp.drift
        _note_use(self)
        return True

    def get_throttle_factor(self) -> int:
        return 1


class PaperCodes(TimestampMixin, ThrottlingMixin, Device):  # type: ignore[misc]
    """The codes of one paper that were not used yet, as keyed digests, in hexadecimal.

    A code has 40 bits: a plain digest of it would be guessed in minutes. The key of these is this paper's own, and
    is sealed itself, so that it outlives a change of the installation's key.
    """

    sealed_key = models.TextField(default=new_key, editable=False)
    digests = models.JSONField(default=list, editable=False)

    class Meta:
        verbose_name = verbose_name_plural = "paper codes"

    def keep(self, codes: Iterable[str]) -> None:
        """What is on the paper from now on. Not yet saved. Raises sealed.Unreadable."""
        self.digests = [self._digest(code) for code in codes]

    def verify_token(self, token: str) -> bool:
        """Takes a right code once; counts a wrong one, and is slower after it. Raises sealed.Unreadable."""
        asked = self._digest(token)
        if not self.verify_is_allowed()[0]:
            return False
        # Looks at all, whichever it is: how long that takes tells nothing.
        left = [kept for kept in self.digests if not hmac.compare_digest(kept, asked)]
        if len(left) == len(self.digests):
            self.throttle_increment()
            return False
        self.digests = left
        _note_use(self)
        return True

    def get_throttle_factor(self) -> int:
        return 1

    def _digest(self, code: str) -> str:
        return hmac.new(SECOND_STEPS.open(self.sealed_key), code.encode(), sha256).hexdigest()


def _note_use(device: Any) -> None:
    device.throttle_reset(commit=False)
    device.set_last_used_timestamp(commit=False)
    device.save()
