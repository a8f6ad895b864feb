#!/bin/sh
# The deployment tests run Debian's nginx. Installs it where that is possible; else says what to do, and fails.
set -eu
PATH="$PATH:/usr/sbin:/sbin"
command -v nginx >/dev/null 2>&1 && exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
    echo "installing nginx" >&2
    # Debian starts it at once, on port 80; a test has its own. This file of Debian's says what may be started.
    policy=/usr/sbin/policy-rc.d
    if [ ! -e "$policy" ]; then
        printf '#!/bin/sh\nexit 101\n' >"$policy" && chmod +x "$policy"
        trap 'rm -f "$policy"' EXIT
    fi
    apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq nginx-light >/dev/null && exit 0
fi
echo "The deployment tests need 'nginx' on the PATH: apt-get install nginx-light" >&2
exit 1
