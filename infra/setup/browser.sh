#!/usr/bin/env bash
# A browser for the tests of pages: Debian's Chromium. Only `make test` needs it.
set -euo pipefail

command -v chromium >/dev/null && exit 0
if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
    echo "muniment set-up: missing: chromium, for the tests of pages. Debian: sudo apt-get install -y chromium" >&2
    exit 1
fi
echo "muniment set-up: installing chromium" >&2
export DEBIAN_FRONTEND=noninteractive
for pause in 5 20 0; do
    apt-get update -qq && apt-get install -y -qq --no-install-recommends chromium fonts-dejavu-core >/dev/null && exit 0
    sleep "$pause"
done
echo "muniment set-up: chromium could not be installed: see what apt-get says above" >&2
exit 1
