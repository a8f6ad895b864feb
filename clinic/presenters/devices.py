"""How the clinic's devices are doing, in words. Nothing of a patient is in it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from clinic import clock, languages
from clinic.build import build_id
from clinic.digests import digest
from clinic.models import Clinic, Device, DeviceReport
from clinic.screen_sizes import TypeSize, type_for
from clinic.spans import span

# Two reports may be missed.
SILENT_AFTER = timedelta(seconds=100)
OLD_SECONDS = 60
# As lists have them.
STATES = ("silent", "well", "revoked", "unpaired")


@dataclass(frozen=True)
class DeviceRow:
    """`state`: well, silent, revoked or unpaired. `concerns`: what somebody has to see to, in words."""

    pk: int
    kind: str
    kind_word: str
    name: str
    clinic: str
    state: str
    was_heard: bool
    seen: str
    build: str
    path: str
    sound: str
    data_age: str
    loaded: str
    concerns: tuple[str, ...]

    @property
    def is_paired(self) -> bool:
        return self.state in ("well", "silent")


def device_rows(clinics: QuerySet[Clinic]) -> list[DeviceRow]:
    """Of these clinics: those that are silent first, for a list may be cut; then those that are well."""
    now = clock.now()
    found = Device.objects.filter(clinic__in=clinics).select_related("clinic", "report")
    rows = [_row(device, now) for device in found]
    return sorted(rows, key=lambda row: (STATES.index(row.state), not row.was_heard, row.clinic))


def _row(device: Device, now: datetime) -> DeviceRow:
    last: DeviceReport | None = getattr(device, "report", None)
    state = _state(device, last, now)
    return DeviceRow(
        pk=device.pk,
        kind=device.kind,
        kind_word=device.get_kind_display(),
        name=device.name,
        clinic=device.clinic.name,
        state=state,
        was_heard=last is not None,
        seen=_("%(time)s ago") % {"time": _span(now - last.at)} if last else _("never"),
        build=_build(last),
        path=_path(last),
        sound=_sound(last),
        data_age=_age(last),
        loaded=_loaded(last, now),
        concerns=tuple(_concerns(device, last, state)),
    )


def _state(device: Device, last: DeviceReport | None, now: datetime) -> str:
    if not device.token_hash:
        return "revoked" if device.revoked_at else "unpaired"
    return "silent" if last is None or now - last.at > SILENT_AFTER else "well"


def _concerns(device: Device, last: DeviceReport | None, state: str) -> list[str]:
    if state == "silent":
        return [_("Nothing heard from it. Is it on, and in the network?")]
    if state != "well" or last is None:
        return []
    said = []
    if last.sound == "off":
        said.append(_("Sound is off. Tap its screen once."))
    if last.path == "stale" or (last.data_age or 0) > OLD_SECONDS:
        said.append(_("What it shows is old. Is its network well?"))
    if device.kind == Device.Kind.KIOSK and device.px_per_mm is None:
        said.append(_("Nobody has measured its screen yet."))
    if device.kind == Device.Kind.MONITOR and (device.screen_inches is None or device.seat_metres is None):
        said.append(_("Nobody has said how large it is, and how far the seats are."))
    return said


def _build(last: DeviceReport | None) -> str:
    if last is None or not last.build:
        return ""
    return _("this build") if last.build == build_id() else _("older: %(build)s") % {"build": last.build}


def _path(last: DeviceReport | None) -> str:
    words = {
        "both": _("both paths"),
        "own": _("our own path"),
        "vendor": _("the vendor's path"),
        "poll": _("asks by itself"),
        "stale": _("none"),
    }
    return words.get(last.path, "") if last else ""


def _sound(last: DeviceReport | None) -> str:
    words = {"on": _("on"), "off": _("off"), "none": _("no use for it")}
    return words.get(last.sound, "") if last else ""


def _age(last: DeviceReport | None) -> str:
    if last is None or last.data_age is None:
        return ""
    return _span(timedelta(seconds=last.data_age))


def _loaded(last: DeviceReport | None, now: datetime) -> str:
    if last is None or last.up_seconds is None:
        return ""
    return _("%(time)s ago") % {"time": _span(now - last.at + timedelta(seconds=last.up_seconds))}


def edition(device: Device) -> str:
    """What a kiosk's first page depends on, as one word: the page is loaded again when this is another one."""
    clinic = device.clinic
    set_up = (clinic.name, device.px_per_mm, device.volume, languages.offered(device))
    doors = "open" if clinic.is_open(clock.now()) else "closed"
    return f"{build_id()}-{digest(repr(set_up))[:8]}-{doors}"


def screen_type(device: Device) -> TypeSize | None:
    """How large a called ticket is written on a wait-room screen; None before its size and its seats are known."""
    inches, metres = device.screen_inches, device.seat_metres
    if device.kind != Device.Kind.MONITOR or inches is None or metres is None:
        return None
    return type_for(float(inches), float(metres))


def _span(length: timedelta) -> str:
    return span(length) if length >= timedelta(seconds=10) else _("under 10 s")
