"""How each of our clients talks to Redis. For the settings: imports nothing of ours."""

from __future__ import annotations

from typing import Any

from redis.asyncio.retry import Retry as AsyncRetry
from redis.backoff import NoBackoff
from redis.connection import parse_url
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.retry import Retry

TIMEOUTS = {"socket_timeout": 0.25, "socket_connect_timeout": 0.25}
JOB_QUEUES = ("notices", "integrations", "default", "low", "ill")


def client(url: str) -> dict[str, Any]:
    """The arguments of redis.Redis."""
    said = parse_url(url)  # type: ignore[no-untyped-call]
    return {
        "host": said.get("host", "127.0.0.1"),
        "port": said.get("port", 6379),
        "db": said.get("db", 0),
        "username": said.get("username"),
        "password": said.get("password"),
        "ssl": url.startswith("rediss://"),
        # The client's own ten retries would hold a caller for a minute on a frozen server. One, at once, and never
        # after a time-out: the first command after a restart of Redis meets a connection that has died.
        "retry": Retry(NoBackoff(), 1, supported_errors=(RedisConnectionError,)),
        **TIMEOUTS,
    }


def layers(url: str) -> dict[str, Any]:
    """CHANNEL_LAYERS."""
    retry = AsyncRetry(NoBackoff(), 1, supported_errors=(RedisConnectionError,))
    return {
        "default": {
            "BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer",
            "CONFIG": {"prefix": "evenkeel", "hosts": [{"address": url, "retry": retry, **TIMEOUTS}]},
        }
    }


def job_queues(kwargs: dict[str, Any]) -> dict[str, Any]:
    """RQ_QUEUES, of what `client` gives."""
    job_queue = {
        "HOST": kwargs["host"],
        "PORT": kwargs["port"],
        "DB": kwargs["db"],
        "USERNAME": kwargs["username"],
        "PASSWORD": kwargs["password"],
        "SSL": kwargs["ssl"],
        "REDIS_CLIENT_KWARGS": {"retry": kwargs["retry"], **TIMEOUTS},
        "SERIALIZER": "rq.serializers.JSONSerializer",
        "DEFAULT_TIMEOUT": 60,
    }
    return dict.fromkeys(JOB_QUEUES, job_queue)
