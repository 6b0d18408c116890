# Python >= 3.11 (< 3.13) with venv, Java >= 17, Maven. Sourced by bootstrap.sh; sets PYTHON.

good_python() {
    "$1" -c 'import sys, venv, ensurepip; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 13))' 2>/dev/null
}

find_python() {
    local candidate
    for candidate in ${MUNIMENT_PYTHON:-} python3.12 python3.11 python3; do
        if command -v "$candidate" >/dev/null && good_python "$candidate"; then
            command -v "$candidate"
            return 0
        fi
    done
    return 1
}

good_java() {
    command -v java >/dev/null || return 1
    local major
    major=$(java -version 2>&1 | sed -n '1s/.*version "\([0-9]*\).*/\1/p')
    [ -n "$major" ] && [ "$major" -ge 17 ]
}

# missing_programs : one line a program that is not there, "Debian packages|what is missing".
missing_programs() {
    find_python >/dev/null || echo "python3 python3-venv|Python 3.11 or 3.12 with venv"
    good_java || echo "openjdk-17-jre-headless|Java 17 or newer"
    # Maven is only needed to fetch the jars, once.
    stamped kafka "$(kafka_digest)" || command -v mvn >/dev/null || echo "maven|Maven (mvn)"
    command -v setpriv >/dev/null || echo "util-linux|setpriv"
}

install_programs() {
    local missing packages line
    missing=$(missing_programs)
    if [ -n "$missing" ]; then
        packages=$(printf '%s\n' "$missing" | cut -d'|' -f1 | tr '\n' ' ' | sed 's/ *$//')
        while IFS='|' read -r line what; do
            say "missing: $what. Debian: apt-get install -y $line"
        done <<<"$missing"
        if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
            say "install the above (Debian: sudo apt-get install -y $packages), then run this again"
            exit 1
        fi
        say "installing $packages"
        export DEBIAN_FRONTEND=noninteractive
        apt-get update -qq
        # shellcheck disable=SC2086  # several packages, on purpose
        apt-get install -y -qq --no-install-recommends $packages >/dev/null
        missing=$(missing_programs)
        [ -z "$missing" ] || { say "still missing after installation: $missing"; exit 1; }
    fi
    PYTHON=$(find_python)
}
