"""Every address. The composition root of the pages."""

from __future__ import annotations

from django.conf import settings
from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path

from clinic.views import (
    audit,
    bookings,
    day,
    demo,
    desk,
    desk_acts,
    desk_check_in,
    device_list,
    device_setup,
    devices,
    engine,
    engine_messages,
    errors,
    kiosk,
    kiosk_display,
    kiosk_ends,
    kiosk_party,
    log_in,
    log_in_time,
    machines,
    monitor,
    offline,
    ops,
    pairing,
    phone,
    second_step,
)
from realtime.views import vendor_stream

kiosk_urls = [
    path("", kiosk.start, name="start"),
    path("check/", kiosk.check, name="check"),
    path("ticket/", kiosk_ends.ticket, name="ticket"),
    path("refused/", kiosk_ends.refused, name="refused"),
    path("others/", kiosk_party.ask_another, name="ask_another"),
    path("others/<slug:who>/", kiosk_party.take_up, name="take_up"),
    path("others/<slug:who>/remove/", kiosk_party.remove, name="remove"),
    path("display/<slug:at>/", kiosk_display.display, name="display"),
    path("mm/<str:px>.css", kiosk_display.millimetre, name="millimetre"),
    path("wipe/", kiosk_ends.wipe, name="wipe"),
    path("help/", kiosk_ends.need_help, name="need_help"),
    path("help/coming/", kiosk_ends.help_coming, name="help_coming"),
    path("offline/", offline.kiosk, name="offline"),
    path("<slug:name>/", kiosk.question, name="question"),
]
monitor_urls = [
    path("", monitor.screen, name="screen"),
    path("board/", monitor.board, name="board"),
    path("offline/", offline.monitor, name="offline"),
]
phone_urls = [
    path("<str:token>/", phone.page, name="page"),
    path("<str:token>/board/", phone.board, name="board"),
    path("<str:token>/more-time/", phone.more_time, name="more_time"),
    path("<str:token>/leave/", phone.leave, name="leave"),
    path("", phone.no_link),
    path("<path:rest>/", phone.no_link),
]
desk_urls = [
    path("", desk.desk, name="desk"),
    path("board/", desk.board, name="board"),
    path("alarms/", desk.alarms, name="alarms"),
    path("check-in/", desk_check_in.check_in, name="check_in"),
    path("call-next/", desk_acts.call_next, name="call_next"),
    path("visits/<uuid:public_id>/", desk_acts.act, name="act"),
    path("bookings/", bookings.upload, name="bookings"),
    path("bookings/template.csv", bookings.template, name="booking_template"),
    path("bookings/<uuid:public_id>/", bookings.preview, name="booking_preview"),
    path("help/<int:pk>/", desk.take_help, name="take_help"),
    path("day/", day.day, name="day"),
    path("devices/", device_list.overview, name="devices"),
    path("devices/pair/", pairing.enter, name="pair_device"),
    path("devices/<int:pk>/", device_setup.at_desk, name="device"),
    path("devices/<int:pk>/revoke/", device_list.revoke, name="revoke_device"),
]
pair_urls = [
    path("<slug:kind>/", pairing.ask, name="ask"),
    path("<slug:kind>/wait/", pairing.wait, name="wait"),
]
device_urls = [
    path("report/", devices.report, name="report"),
    path("<slug:kind>/", device_setup.on_device, name="set_up"),
]
ops_urls = [
    path("", ops.ops, name="ops"),
    path("board/", ops.board, name="board"),
    path("status.json", ops.status, name="status"),
    path("vendor/", ops.flip, name="flip"),
    path("jobs/retry/", ops.retry, name="retry"),
    path("engine/", engine.overview, name="engine"),
    path("engine/find/", engine.find, name="find"),
    path("engine/<int:pk>/", engine.destination, name="destination"),
    path("engine/<int:pk>/pause/", engine.pause, name="pause"),
    path("engine/<int:pk>/resend/", engine_messages.resend, name="resend"),
    path("engine/<int:pk>/<slug:key>/", engine_messages.message, name="message"),
]
audit_urls = [
    path("", audit.events, name="list"),
    path("events.csv", audit.export, name="csv"),
]
demo_urls = [
    path("", demo.welcome, name="welcome"),
    path("demo/fault/", demo.fault, name="fault"),
    path("demo/records/", demo.break_records, name="break_records"),
    path("demo/switch/", demo.flip, name="flip"),
    path("demo/log-in/<slug:role>/", demo.log_in, name="log_in"),
]

urlpatterns: list[URLPattern | URLResolver] = [
    path("kiosk/", include((kiosk_urls, "kiosk"))),
    path("monitor/", include((monitor_urls, "monitor"))),
    path("v/", include((phone_urls, "phone"))),
    path("desk/", include((desk_urls, "desk"))),
    path("ops/", include((ops_urls, "ops"))),
    path("audit/", include((audit_urls, "audit"))),
    path("shell.js", offline.worker, name="shell"),
    path("pair/", include((pair_urls, "pair"))),
    path("devices/", include((device_urls, "devices"))),
    path("live/<slug:topic>/vendor/", vendor_stream, name="vendor_stream"),
    path("login/", log_in.log_in, name="login"),
    path("login/code/", log_in.code, name="log_in_code"),
    path("login/set-up/", second_step.set_up, name="log_in_set_up"),
    path("login/time/", log_in_time.look, name="log_in_time"),
    path("login/stay/", log_in_time.stay, name="log_in_stay"),
    path("logout/", log_in.log_out, name="logout"),
    path("admin/login/", log_in.at_admin),
    path("admin/logout/", log_in.log_out),
    path("admin/password_change/", admin.site.admin_view(log_in.own_password)),
    # Django's way from an object to its page: none of ours has one, and the model of the job queues has no table.
    path("admin/r/<path:content_type_id>/<path:object_id>/", errors.no_page),
    path("admin/", admin.site.urls),
    path("healthz", ops.healthz, name="healthz"),
    path("readyz", machines.readyz, name="readyz"),
    path("serves/", machines.serves, name="serves"),
    path("metrics", machines.metrics, name="metrics"),
]
if settings.DEMO:
    urlpatterns += [path("", include((demo_urls, "demo")))]
else:
    urlpatterns += [path("", log_in.home, name="home")]

handler400 = "clinic.views.errors.bad_request"
handler403 = "clinic.views.errors.forbidden"
handler404 = "clinic.views.errors.not_found"
handler500 = "clinic.views.errors.server_error"
