# Apache Kafka's jars by their Maven coordinates. Sourced by bootstrap.sh.

kafka_digest() { digest infra/kafka/pom.xml; }

install_kafka() {
    local lib="$HOME_DIR/kafka/lib"
    if [ -d "$lib" ] && stamped kafka "$(kafka_digest)"; then
        return
    fi
    say "fetching the Kafka jars"
    rm -rf "$lib.new"
    local told="$HOME_DIR/maven.log"
    mvn -q -B -f infra/kafka/pom.xml dependency:copy-dependencies \
        -DoutputDirectory="$lib.new" -DincludeScope=runtime >"$told" 2>&1 || {
        cat "$told" >&2
        say "Maven could not fetch the Kafka jars"
        exit 1
    }
    # In one step, so that an interrupted fetch never looks like a finished one.
    rm -rf "$lib"
    mv "$lib.new" "$lib"
    stamp kafka "$(kafka_digest)"
}

# Not needed, only quicker with it: what goes wrong here stops nobody.
archive_kafka() {
    local lib="$HOME_DIR/kafka/lib" made_from
    made_from="$(kafka_digest) $(java -version 2>&1 | sha256sum | cut -d' ' -f1)"
    if [ -f "$lib/classes.jsa" ] && stamped kafka-classes "$made_from"; then
        return
    fi
    say "archiving Kafka's classes, so that it starts sooner"
    if "$HOME_DIR/venv/bin/python" -m muniment.infra.kafka.archive "$lib" >"$HOME_DIR/kafka-classes.log" 2>&1; then
        stamp kafka-classes "$made_from"
    else
        say "Kafka will start without it (see $HOME_DIR/kafka-classes.log)"
    fi
}
