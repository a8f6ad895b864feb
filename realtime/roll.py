"""A roll in Redis: which processes live, each with its word. By Redis's clock, so that the dead drop out."""

from __future__ import annotations

import os
import socket
from typing import Any

from realtime import redis_link

LIFE_MS = 5_000

_TELL = """
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2] .. ' ' .. string.format('%.0f', now + ARGV[3]))
redis.call('PEXPIRE', KEYS[1], ARGV[3])
local all = redis.call('HGETALL', KEYS[1])
for i = 1, #all, 2 do
  if tonumber(string.match(all[i + 1], ' (%d+)')) < now then redis.call('HDEL', KEYS[1], all[i]) end
end
"""
_HEAR = """
local time = redis.call('TIME')
local now, found = time[1] * 1000 + math.floor(time[2] / 1000), {}
local all = redis.call('HGETALL', KEYS[1])
for i = 1, #all, 2 do
  local word, ends = string.match(all[i + 1], '(%-?%d+) (%d+)')
  if tonumber(ends) >= now then
    found[#found + 1] = all[i]
    found[#found + 1] = tonumber(word)
  end
end
return found
"""


def tell(key: str, name: str, word: int) -> None:
    """This process's word, good for LIFE_MS. Raises redis.RedisError."""
    redis_link.client().eval(_TELL, 1, key, name, str(word), str(LIFE_MS))


def hear(key: str) -> dict[str, int]:
    """The words of all that live, by name. Raises redis.RedisError."""
    found: Any = redis_link.client().eval(_HEAR, 1, key)
    return dict(sorted(zip([name.decode() for name in found[::2]], map(int, found[1::2]), strict=True)))


def leave(key: str, name: str) -> None:
    """Takes a word back: its process ends. Raises redis.RedisError."""
    redis_link.client().hdel(key, name)


def name(kind: str) -> str:
    """What this process is called on a roll: "kind, pid N on HOST"."""
    return f"{kind}, pid {os.getpid()} on {socket.gethostname()}"
