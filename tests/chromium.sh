#!/bin/sh
# The browser tests drive Debian's Chromium. Installs it where that is possible; else says what to do, and fails.
set -eu
command -v chromium >/dev/null 2>&1 && exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
    echo "installing chromium" >&2
    apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq chromium >/dev/null && exit 0
fi
echo "The browser tests need 'chromium' on the PATH: apt-get install chromium" >&2
exit 1
