#!/usr/bin/env bash
# Fetches into .muniment/peers/ what the schema registry is tried with and is too large for every set-up (about 350 MB):
# Apicurio Registry (where Java 21 or newer is), Confluent's Java client, ClickHouse as a Python wheel.
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/../.."
PEERS="$PWD/.muniment/peers"
WANTED=$(cat infra/setup/peers.sh infra/setup/peers.xml infra/setup/peers.txt | sha256sum | cut -d' ' -f1)
say() { printf 'registry peers: %s\n' "$*" >&2; }

# new_java : a Java of version 21 or newer, wherever one lies.
new_java() {
    local candidate major
    for candidate in ${MUNIMENT_JAVA:-} ${JAVA_HOME:+"$JAVA_HOME/bin/java"} java /usr/lib/jvm/*/bin/java; do
        command -v "$candidate" >/dev/null || continue
        major=$("$candidate" -version 2>&1 | sed -n '1s/.*version "\([0-9]*\).*/\1/p')
        if [ "${major:-0}" -ge 21 ]; then
            command -v "$candidate"
            return 0
        fi
    done
    return 1
}

if [ "$(cat "$PEERS/stamp" 2>/dev/null)" = "$WANTED" ]; then
    exit 0
fi
rm -rf "$PEERS" && mkdir -p "$PEERS"
say "fetching Apicurio Registry and Confluent's Java client"
mvn -q -B -f infra/setup/peers.xml dependency:copy-dependencies -DoutputDirectory="$PEERS/fetched" >"$PEERS/maven.log" 2>&1 || {
    cat "$PEERS/maven.log" >&2
    say "Maven could not fetch them"
    exit 1
}
mkdir -p "$PEERS/java-client"
mv "$PEERS"/fetched/*.jar "$PEERS/java-client/"
if new_java >"$PEERS/java"; then
    mkdir -p "$PEERS/apicurio"
    tar -xzf "$PEERS"/fetched/apicurio-registry-app-*.tar.gz -C "$PEERS/apicurio"
else
    rm -f "$PEERS/java"
    say "Apicurio Registry needs Java 21 or newer, and there is none (MUNIMENT_JAVA names one): its tests are skipped"
fi
rm -rf "$PEERS/fetched"
say "installing ClickHouse's wheel"
.muniment/uv/bin/uv venv -q --python .muniment/venv/bin/python "$PEERS/venv"
.muniment/uv/bin/uv pip install -q --python "$PEERS/venv/bin/python" --require-hashes -r infra/setup/peers.txt
printf '%s\n' "$WANTED" >"$PEERS/stamp"
