#!/usr/bin/env bash
# All set-up, from a fresh Debian 12 to a working tree: programs, Python environment, Kafka's jars, embedding model.
# Everything it downloads or makes lies in .muniment/. Each step leaves a stamp with the checksum of what it was made
# from, so that a second run takes a second or two.
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/../.."
HOME_DIR="$PWD/.muniment"
STAMPS="$HOME_DIR/stamps"
mkdir -p "$STAMPS"

# One set-up at a time: two `make` in one folder would otherwise install over each other.
exec 9>"$HOME_DIR/setup.lock"
flock 9

say() { printf 'muniment set-up: %s\n' "$*" >&2; }

# digest FILE... : one checksum over the contents of the files.
digest() { cat "$@" | sha256sum | cut -d' ' -f1; }

# stamped NAME DIGEST : whether that step was finished for exactly this input.
stamped() { [ "$(cat "$STAMPS/$1" 2>/dev/null)" = "$2" ]; }

stamp() { printf '%s\n' "$2" >"$STAMPS/$1"; }

. infra/setup/programs.sh
. infra/setup/python.sh
. infra/setup/kafka.sh
. infra/setup/model.sh

install_programs
install_python
install_kafka
archive_kafka
[ "${MUNIMENT_SETUP_MODEL:-1}" = 0 ] || install_model
