"""All settings, from the environment. The README lists what may be set; what is wrong is refused at start."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.conf.locale import LANG_INFO
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import to_language

from clinic import database_settings, header_settings, log_settings, redis_settings
from clinic import environment as env
from clinic.running import home, pools, valkey

env.refuse_unknown(
    {
        "EVENKEEL_HOME",
        "EVENKEEL_SECRET_KEY",
        "EVENKEEL_OLD_SECRET_KEYS",
        "EVENKEEL_PRIVATE_DESTINATIONS",
        "EVENKEEL_EMAIL_URL",
        "EVENKEEL_EMAIL_FROM",
        "EVENKEEL_METRICS_TOKEN",
        "EVENKEEL_IDLE_MINUTES",
        "EVENKEEL_PROXIES",
        "EVENKEEL_DEMO",
        "EVENKEEL_VENDOR",
        "EVENKEEL_WORKERS",
        "EVENKEEL_LOG_LEVEL",
        "EVENKEEL_KEEP_VISITS_DAYS",
        "EVENKEEL_KEEP_MESSAGES_DAYS",
        "EVENKEEL_DEMO_CONTROL",
        "EVENKEEL_DEMO_EMR_CONTROL",
        "EVENKEEL_DEMO_SECRET",
    }
)

BASE = Path(__file__).resolve().parent.parent
HOME = home.home()
DEMO = env.flag("EVENKEEL_DEMO")
DEBUG = False

# --- Where we are -----------------------------------------------------------------------------------------------

PUBLIC_URL = env.url("PUBLIC_URL", ("http", "https"), "http://127.0.0.1:8000").rstrip("/")
_public = urlsplit(PUBLIC_URL)
HTTPS = _public.scheme == "https"
if not HTTPS and _public.hostname not in ("127.0.0.1", "localhost", "::1"):
    raise ImproperlyConfigured("PUBLIC_URL must begin with https:// unless it is on this machine (127.0.0.1).")
if _public.path or _public.query or _public.username:
    raise ImproperlyConfigured("PUBLIC_URL must end after the host and port, for example https://clinic.example.")
if DEMO and HTTPS:
    raise ImproperlyConfigured(
        "EVENKEEL_DEMO lets any browser be the kiosk: leave it out where PUBLIC_URL begins with https://."
    )
ALLOWED_HOSTS = [_public.hostname or "127.0.0.1"]
CSRF_TRUSTED_ORIGINS = [PUBLIC_URL]

# One machine keeps its own random key; several have to share one.
SECRET_KEY = env.text("EVENKEEL_SECRET_KEY") or ("" if env.text("DATABASE_URL") else home.secret_key(HOME))
if len(SECRET_KEY) < 50:
    raise ImproperlyConfigured(
        "EVENKEEL_SECRET_KEY must be 50 random characters or more, the same on every machine; "
        "it may be left out only where DATABASE_URL is. Make one with: "
        'python -c "import secrets; print(secrets.token_urlsafe(50))"'
    )

# Sessions, and the secrets of destinations, that were made under these can still be read.
SECRET_KEY_FALLBACKS = env.text("EVENKEEL_OLD_SECRET_KEYS").split()

# --- Applications -----------------------------------------------------------------------------------------------

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django_rq",
    "axes",
    "django_otp",
    "django_otp.plugins.otp_totp",
    "django_otp.plugins.otp_static",
    "clinic",
    "realtime",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "clinic.static_files.StaticFiles",
    "clinic.middleware.RequestLog",
    "django.middleware.gzip.GZipMiddleware",
    "csp.middleware.CSPMiddleware",
    "clinic.middleware.Readable",
    "clinic.hanging_database.WithoutDatabase",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "clinic.middleware.RefusedMethods",
    "django.middleware.common.CommonMiddleware",
    "clinic.middleware.NullOrigin",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "clinic.session_middleware.StaffLogIn",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "axes.middleware.AxesMiddleware",
]
ROOT_URLCONF = "clinic.urls"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "clinic.context.page",
                "clinic.context.staff",
            ]
        },
    }
]

# --- Data -------------------------------------------------------------------------------------------------------

# Without a host it is the local server's socket.
_database_url = env.url("DATABASE_URL", ("postgresql", "postgres"), has_host=False)
if _database_url:
    _database = database_settings.postgresql(_database_url)
else:
    _database = {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": HOME / "evenkeel.sqlite3",
        "OPTIONS": {
            # The default mode fails most writes under several writers, whatever the time-out.
            "transaction_mode": "IMMEDIATE",
            "timeout": 20,
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL",
        },
        "TEST": {"NAME": HOME / "test.sqlite3"},
    }
# A request's thread serves many, and opening a connection costs more than most pages. One that died is found out
# before it is used.
DATABASES = {"default": {**_database, "CONN_MAX_AGE": 60, "CONN_HEALTH_CHECKS": True}}
CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}

_embedded = valkey.url(HOME) if DEMO else valkey.address(HOME)
REDIS_URL = env.url("REDIS_URL", ("redis", "rediss"), _embedded or "redis://127.0.0.1:6379/0")
REDIS_TLS = REDIS_URL.startswith("rediss://")
REDIS_TIMEOUTS = redis_settings.TIMEOUTS
REDIS_KWARGS = redis_settings.client(REDIS_URL)
CHANNEL_LAYERS = redis_settings.layers(REDIS_URL)

# --- Retention: what `manage.py purge` leaves -------------------------------------------------------------------

# Estimates learn from eight weeks of visits, and a message may be sent again for some days.
KEEP_VISITS_DAYS = env.number("EVENKEEL_KEEP_VISITS_DAYS", 90)
KEEP_MESSAGES_DAYS = env.number("EVENKEEL_KEEP_MESSAGES_DAYS", 30)
if not 64 <= KEEP_VISITS_DAYS <= 10_000:
    raise ImproperlyConfigured("EVENKEEL_KEEP_VISITS_DAYS must be 64 or more: estimates learn from eight weeks.")
if not 7 <= KEEP_MESSAGES_DAYS <= KEEP_VISITS_DAYS:
    raise ImproperlyConfigured("EVENKEEL_KEEP_MESSAGES_DAYS must be 7 or more, and no more than the visits' days.")

# --- Jobs -------------------------------------------------------------------------------------------------------

RQ_QUEUES = redis_settings.job_queues(REDIS_KWARGS)
RQ = {"COMMIT_MODE": "auto"}
try:
    WORKERS = pools.parse(env.text("EVENKEEL_WORKERS", pools.DEFAULT))
except ValueError as error:
    raise ImproperlyConfigured(f"EVENKEEL_WORKERS: {error}") from None

# --- Other systems ----------------------------------------------------------------------------------------------

# Networks of ours that a destination may be in: anybody who sets one up could else reach all that we can.
PRIVATE_DESTINATIONS = env.networks("EVENKEEL_PRIVATE_DESTINATIONS")

# --- Alarms -----------------------------------------------------------------------------------------------------

_mail = env.mail_server("EVENKEEL_EMAIL_URL")
SENDS_MAIL = bool(_mail.host)
EMAIL_BACKEND = f"django.core.mail.backends.{'smtp' if SENDS_MAIL else 'dummy'}.EmailBackend"
EMAIL_HOST, EMAIL_PORT, EMAIL_HOST_USER, EMAIL_HOST_PASSWORD, EMAIL_USE_SSL, EMAIL_USE_TLS = _mail
EMAIL_TIMEOUT = 4
DEFAULT_FROM_EMAIL = env.text("EVENKEEL_EMAIL_FROM", f"evenkeel@{_public.hostname}")
METRICS_TOKEN = env.text("EVENKEEL_METRICS_TOKEN")
if METRICS_TOKEN and len(METRICS_TOKEN) < 20:
    raise ImproperlyConfigured("EVENKEEL_METRICS_TOKEN must be 20 random characters or more.")

# --- Realtime and its vendor ------------------------------------------------------------------------------------

REALTIME_RIGHTS = "clinic.rights"
REALTIME_TOLD = "clinic.audit.of_realtime"
VENDOR_FORCED_OFF = env.choice("EVENKEEL_VENDOR", ("auto", "off"), "auto") == "off"
ABLY_PUBLISH_KEY = env.key("ABLY_PUBLISH_KEY")
ABLY_SUBSCRIBE_KEY = env.key("ABLY_SUBSCRIBE_KEY")
if bool(ABLY_PUBLISH_KEY) != bool(ABLY_SUBSCRIBE_KEY):
    raise ImproperlyConfigured("Set both ABLY_PUBLISH_KEY and ABLY_SUBSCRIBE_KEY, or neither.")
ABLY_ENDPOINT = env.text("ABLY_ENDPOINT", "main")
ABLY_STREAM_URL = env.url("ABLY_STREAM_URL", ("http", "https"), "https://main.realtime.ably.net/sse")
ABLY_CLIENT: dict[str, Any] = {"endpoint": ABLY_ENDPOINT, "tls": True}
if env.text("ABLY_TLS_PORT"):
    ABLY_CLIENT["tls_port"] = env.number("ABLY_TLS_PORT", 443)
DEMO_CONTROL = env.url("EVENKEEL_DEMO_CONTROL", ("http",))
DEMO_EMR_CONTROL = env.url("EVENKEEL_DEMO_EMR_CONTROL", ("http",))

# --- Pages ------------------------------------------------------------------------------------------------------

LANGUAGE_CODE = "en"
LOCALE_PATHS = [BASE / "clinic" / "locale"]
# English, and each language that has a catalog.
_catalogs = sorted(path.parent.parent.name for path in LOCALE_PATHS[0].glob("*/LC_MESSAGES/django.po"))
LANGUAGES = [(code, LANG_INFO[code]["name"]) for code in [LANGUAGE_CODE, *map(to_language, _catalogs)]]
TIME_ZONE = "UTC"
USE_TZ = True
STATIC_URL = "/static/"
STATIC_ROOT = HOME / "static"
# Every page names files by their content.
WHITENOISE_KEEP_ONLY_HASHED_FILES = True
STATICFILES_DIRS = [BASE / "static", HOME / "assets"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "clinic.static_files.BuiltFiles"},
}
LOGIN_URL = "/login/"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "/login/"
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"

# --- Security ---------------------------------------------------------------------------------------------------

AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "django.contrib.auth.backends.ModelBackend",
    "clinic.access.OpsBackend",
]
# By name and network together: whoever guesses at a name locks out neither its owner elsewhere nor a whole clinic.
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_FAILURE_LIMIT = 5
AXES_COOLOFF_TIME = timedelta(minutes=15)
AXES_RESET_ON_SUCCESS = True
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False
AXES_USERNAME_CALLABLE = "clinic.log_in_names.counted_as"
AXES_CLIENT_IP_CALLABLE = "clinic.log_in_names.counted_at"
AXES_CLIENT_STR_CALLABLE = "clinic.log_in_names.logged_as"
AXES_LOCKOUT_CALLABLE = "clinic.views.log_in.locked"
AXES_SENSITIVE_PARAMETERS = ["username", "ip_address", "password", "next", "csrfmiddlewaretoken"]
AXES_DISABLE_ACCESS_LOG = True
AXES_ENABLE_ADMIN = AXES_VERBOSE = False
# Networks whose word we take for where a client asks from.
PROXIES = env.networks("EVENKEEL_PROXIES", "127.0.0.1")
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
# Browsers share cookies between the ports of one host, so a demo's plain names carry its port.
COOKIE_PREFIX = "__Host-" if HTTPS else f"evenkeel{_public.port or 80}-"
SESSION_COOKIE_NAME = f"{COOKIE_PREFIX}session"
CSRF_COOKIE_NAME = f"{COOKIE_PREFIX}csrf"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
SESSION_ENGINE = "clinic.staff_session"
SESSION_COOKIE_SAMESITE = "Lax"
# A log-in ends after so long in any case, and after so long without an act; a demo lies open on a table.
SESSION_COOKIE_AGE = 12 * 3600
SESSION_IDLE = timedelta(minutes=env.number("EVENKEEL_IDLE_MINUTES", 12 * 60 if DEMO else 15))
if timedelta(minutes=1) > SESSION_IDLE:
    raise ImproperlyConfigured("EVENKEEL_IDLE_MINUTES must be 1 or more.")
# The end is in the database: a cookie that ended earlier could not say why one has to log in again.
SESSION_EXPIRE_AT_BROWSER_CLOSE = True
OTP_TOTP_ISSUER = f"Evenkeel {_public.hostname}"
CSRF_COOKIE_HTTPONLY = True
CSRF_FAILURE_VIEW = "clinic.views.errors.csrf_failure"
SECURE_SSL_REDIRECT = HTTPS
# Monitoring asks each process itself, past the proxy that ends TLS.
SECURE_REDIRECT_EXEMPT = [r"^metrics$"]
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if HTTPS else None
SECURE_HSTS_SECONDS = 365 * 24 * 3600 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = HTTPS
SECURE_REFERRER_POLICY = "same-origin"
# The demo's welcome page shows the screens side by side.
X_FRAME_OPTIONS = "SAMEORIGIN" if DEMO else "DENY"
# A pasted list of bookings may have 256 kB, and somewhat more to be told so.
DATA_UPLOAD_MAX_MEMORY_SIZE = 512 * 1024
# A week of opening hours, or a long history, is a large form in the admin.
DATA_UPLOAD_MAX_NUMBER_FIELDS = 500
HEADERS_EVERYWHERE = header_settings.everywhere(https=HTTPS, frame_options=X_FRAME_OPTIONS)
CONTENT_SECURITY_POLICY = header_settings.content_policy(PUBLIC_URL, ABLY_STREAM_URL, is_framed=DEMO)

# --- Logs: one line an event, no patient data ------------------------------------------------------------------

LOG_LEVEL = env.choice("EVENKEEL_LOG_LEVEL", ("DEBUG", "INFO", "WARNING", "ERROR"), "INFO")
LOGGING = log_settings.lines(LOG_LEVEL)
