"""Settings are read in processes of their own, as at a start."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SECRET = "hunter2secret"
KEY = {"EVENKEEL_SECRET_KEY": "pR0duct10n-" + "aB3" * 20}
PRODUCTION = {
    "PUBLIC_URL": "https://clinic.example",
    **KEY,
    "DATABASE_URL": "postgresql://evenkeel@db.example/evenkeel",
    "REDIS_URL": "rediss://redis.example:6380/0",
}
BASE = ("PUBLIC_URL", "DATABASE_URL", "REDIS_URL", "ABLY_", "EVENKEEL_")


def start(home: Path, code: str, **env: str) -> subprocess.CompletedProcess[str]:
    """Runs `code` in a fresh process whose settings are `env` alone; `code` sees them as `s`."""
    plain = {name: value for name, value in os.environ.items() if not name.startswith(BASE)}
    return subprocess.run(
        [sys.executable, "-c", f"import clinic.settings as s\n{code}"],
        cwd=ROOT,
        env={**plain, "EVENKEEL_HOME": str(home), **env},
        capture_output=True,
        text=True,
        timeout=60,
    )


@pytest.mark.parametrize(
    ("env", "sentence"),
    [
        ({"PUBLIC_URL": "clinic.example"}, "PUBLIC_URL must begin with http:// or https:// and name a host."),
        ({"PUBLIC_URL": "http://clinic.example"}, "PUBLIC_URL must begin with https:// unless"),
        ({"PUBLIC_URL": "https://clinic.example/desk"}, "PUBLIC_URL must end after the host and port"),
        ({"EVENKEEL_DEMO": "maybe"}, "EVENKEEL_DEMO is 'maybe': write yes or no."),
        ({"EVENKEEL_DEMO": "yes", "PUBLIC_URL": "https://clinic.example"}, "EVENKEEL_DEMO lets any browser"),
        ({"EVENKEEL_SECRET_KEY": SECRET}, "EVENKEEL_SECRET_KEY must be 50 random characters or more"),
        ({"DATABASE_URL": f"postgresql://u:{SECRET}@db/e"}, "EVENKEEL_SECRET_KEY must be 50 random characters"),
        ({**KEY, "DATABASE_URL": f"mysql://u:{SECRET}@db/e"}, "DATABASE_URL must begin with postgresql://"),
        ({**KEY, "DATABASE_URL": f"postgresql://u:{SECRET}/@db/e"}, "DATABASE_URL must begin with postgresql://"),
        ({"REDIS_URL": f"http://:{SECRET}@redis:6379"}, "REDIS_URL must begin with redis:// or rediss://"),
        ({"REDIS_URL": f"redis://u:{SECRET}/x@redis:6379"}, "write / ? # @ : as %2F %3F %23 %40 %3A"),
        ({"REDIS_URL": f"redis://:p@redis:{SECRET}"}, "REDIS_URL must begin with redis:// or rediss://"),
        ({"EVENKEEL_IDLE_MINUTES": "0"}, "EVENKEEL_IDLE_MINUTES must be 1 or more."),
        ({"EVENKEEL_PROXIES": "nginx"}, "EVENKEEL_PROXIES: 'nginx' does not appear to be"),
        ({"EVENKEEL_VENDOR": "on"}, "EVENKEEL_VENDOR is 'on': write one of auto, off."),
        ({"EVENKEEL_KEEP_VISITS_DAYS": "63"}, "EVENKEEL_KEEP_VISITS_DAYS must be 64 or more"),
        ({"EVENKEEL_KEEP_MESSAGES_DAYS": "6"}, "EVENKEEL_KEEP_MESSAGES_DAYS must be 7 or more"),
        ({"EVENKEEL_KEEP_MESSAGES_DAYS": "91"}, "no more than the visits' days"),
        ({"EVENKEEL_LOG_LEVEL": "LOUD"}, "EVENKEEL_LOG_LEVEL is 'LOUD': write one of DEBUG, INFO"),
        ({"EVENKEEL_WORKERS": "some=2"}, "EVENKEEL_WORKERS: There is no worker pool 'some'."),
        ({"ABLY_TLS_PORT": "x"}, "ABLY_TLS_PORT is 'x': write a whole number, for example 443."),
        ({"ABLY_STREAM_URL": "wss://a"}, "ABLY_STREAM_URL must begin with http:// or https://"),
        ({"ABLY_PUBLISH_KEY": f"{SECRET}"}, "ABLY_PUBLISH_KEY is not an Ably API key"),
        ({"ABLY_PUBLISH_KEY": f"a.b:{SECRET}"}, "Set both ABLY_PUBLISH_KEY and ABLY_SUBSCRIBE_KEY, or neither."),
        (
            {"EVENKEEL_PRIVATE_DESTINATIONS": "10.0.0.1/8"},
            "EVENKEEL_PRIVATE_DESTINATIONS: 10.0.0.1/8 has host bits set.",
        ),
        ({"EVENKEEL_PRIVATE_DESTINATIONS": "emr.local"}, "Write networks such as 10.0.0.0/8, 192.168.7.20."),
        ({"EVENKEEL_VENDER": SECRET}, "EVENKEEL_VENDER: no such setting. Known ones: EVENKEEL_DEMO,"),
    ],
)
def test_bad_setting_is_refused_in_a_sentence_that_leaks_no_secret(
    tmp_path: Path, env: dict[str, str], sentence: str
) -> None:
    done = start(tmp_path, "", **env)
    assert done.returncode != 0
    last = done.stderr.strip().splitlines()[-1]
    assert last.startswith("django.core.exceptions.ImproperlyConfigured: ")
    assert sentence in last
    assert SECRET not in done.stderr


def test_nothing_needs_to_be_set(tmp_path: Path) -> None:
    code = (
        "import json; print(json.dumps([s.DATABASES['default']['ENGINE'], s.HTTPS, s.DEBUG, s.SECRET_KEY,"
        " s.REDIS_URL, s.WORKERS, s.VENDOR_FORCED_OFF, s.DEMO]))"
    )
    first, second = (json.loads(start(tmp_path, code).stdout) for _n in range(2))
    assert first == second, "the key of one machine is made once"
    assert len(first[3]) >= 50
    assert [*first[:3], *first[4:]] == [
        "django.db.backends.sqlite3",
        False,
        False,
        "redis://127.0.0.1:6379/0",
        [["notices", 1], ["integrations", 1], ["ill", 1], ["general", 1]],
        False,
        False,
    ]


def test_production_cookies_are_host_bound_and_secure(tmp_path: Path) -> None:
    code = "print(s.SESSION_COOKIE_NAME, s.SESSION_COOKIE_SECURE, s.CSRF_COOKIE_SECURE, s.SECURE_SSL_REDIRECT)"
    assert start(tmp_path, code, **PRODUCTION).stdout.split() == ["__Host-session", "True", "True", "True"]


def test_database_on_a_local_socket_needs_no_host(tmp_path: Path) -> None:
    env = {**PRODUCTION, "DATABASE_URL": "postgresql:///evenkeel?host=/run/postgresql"}
    done = start(tmp_path, "print(s.DATABASES['default']['NAME'])", **env)
    assert done.stdout.strip() == "evenkeel", done.stderr


def test_database_whose_machine_dies_is_given_up_by_our_own_kernel(tmp_path: Path) -> None:
    """On the socket itself, of a connection that libpq has begun. DATABASE_URL may bring times of its own."""
    code = """
import json, socket
from psycopg import conninfo, pq
with socket.create_server(("127.0.0.1", 0)) as server:
    where = {"host": "127.0.0.1", "port": server.getsockname()[1], **s.DATABASES["default"]["OPTIONS"]}
    link = pq.PGconn.connect_start(conninfo.make_conninfo(**where).encode())
    with socket.socket(fileno=link.socket) as ours:
        names = ("KEEPIDLE", "KEEPINTVL", "KEEPCNT", "USER_TIMEOUT")
        found = [ours.getsockopt(socket.IPPROTO_TCP, getattr(socket, f"TCP_{name}")) for name in names]
        print(json.dumps([ours.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE), *found]))
        ours.detach()
"""
    assert json.loads(start(tmp_path, code, **PRODUCTION).stdout) == [1, 5, 2, 3, 10_000]
    own = {**PRODUCTION, "DATABASE_URL": f"{PRODUCTION['DATABASE_URL']}?keepalives_idle=60"}
    assert json.loads(start(tmp_path, code, **own).stdout) == [1, 60, 2, 3, 10_000]


@pytest.mark.parametrize(("value", "forced"), [("off", "True"), ("auto", "False")])
def test_environment_can_force_the_vendor_off_and_never_on(tmp_path: Path, value: str, forced: str) -> None:
    done = start(tmp_path, "print(s.VENDOR_FORCED_OFF)", EVENKEEL_VENDOR=value)
    assert done.stdout.strip() == forced


def test_other_systems_are_told_by_networks_and_old_keys(tmp_path: Path) -> None:
    code = "import json; print(json.dumps([[str(n) for n in s.PRIVATE_DESTINATIONS], s.SECRET_KEY_FALLBACKS]))"
    env = {
        "EVENKEEL_PRIVATE_DESTINATIONS": "10.0.0.0/8, fd00::/8",
        "EVENKEEL_OLD_SECRET_KEYS": "old-one older-one",
    }
    assert json.loads(start(tmp_path, code, **env).stdout) == [
        ["10.0.0.0/8", "fd00::/8"],
        ["old-one", "older-one"],
    ]
    assert json.loads(start(tmp_path, code).stdout) == [[], []]


def test_cookies_of_a_real_clinic_are_of_https_and_this_host_alone(tmp_path: Path) -> None:
    code = """
import json
print(json.dumps([s.SESSION_COOKIE_NAME, s.CSRF_COOKIE_NAME, s.SESSION_COOKIE_SECURE, s.CSRF_COOKIE_SECURE,
    s.SESSION_IDLE.total_seconds(), s.SESSION_COOKIE_AGE, [str(one) for one in s.PROXIES],
    s.HEADERS_EVERYWHERE["Strict-Transport-Security"], s.SECURE_HSTS_SECONDS]))
"""
    ran = start(tmp_path, code, **PRODUCTION)
    assert json.loads(ran.stdout) == [
        *("__Host-session", "__Host-csrf", True, True),
        *(15 * 60, 12 * 3600, ["127.0.0.1/32"]),
        *("max-age=31536000; includeSubDomains; preload", 31536000),
    ]


def test_demo_lies_open_for_twelve_hours(tmp_path: Path) -> None:
    ran = start(tmp_path, "print(s.SESSION_IDLE)", EVENKEEL_DEMO="yes")
    assert ran.stdout.strip() == "12:00:00"
