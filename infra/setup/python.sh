# The virtual environment, exactly as requirements.lock says. Sourced by bootstrap.sh.

install_python() {
    local venv="$HOME_DIR/venv" tools="$HOME_DIR/uv" wanted
    wanted=$(digest requirements.lock pyproject.toml infra/setup/uv.txt infra/setup/build.txt infra/setup/python.sh)
    if [ -x "$venv/bin/muniment" ] && stamped python "$wanted"; then
        return
    fi
    # uv has an environment of its own: `pip sync` would remove it from the one it fills.
    if ! stamped uv "$(digest infra/setup/uv.txt)" || [ ! -x "$tools/bin/uv" ]; then
        say "installing uv"
        rm -rf "$tools"
        "$PYTHON" -m venv "$tools"
        "$tools/bin/python" -m pip install -q --disable-pip-version-check --require-hashes -r infra/setup/uv.txt
        stamp uv "$(digest infra/setup/uv.txt)"
    fi
    # An environment whose interpreter is gone, or that another one fits now, is made anew.
    if ! "$venv/bin/python" -c 'pass' 2>/dev/null; then
        rm -rf "$venv"
        "$tools/bin/uv" venv -q --python "$PYTHON" "$venv"
    fi
    say "installing the Python packages of requirements.lock"
    "$tools/bin/uv" pip sync -q --python "$venv/bin/python" --require-hashes requirements.lock
    "$tools/bin/uv" pip install -q --python "$venv/bin/python" --require-hashes -r infra/setup/build.txt
    "$tools/bin/uv" pip install -q --python "$venv/bin/python" --no-deps --no-build-isolation --editable .
    stamp python "$wanted"
}
