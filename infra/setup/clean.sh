#!/usr/bin/env bash
# Remove what set-up, `muniment up` and `make kit` have made. Ends running stacks first, and refuses if one does not end.
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/../.."

if [ -d .muniment ]; then
    # The stack of this folder, and those with a home of their own in it (demo, benchmark).
    while IFS= read -r record; do
        home=$(dirname "$(dirname "$record")")
        MUNIMENT_HOME="$home" .muniment/venv/bin/muniment down || {
            echo "make clean: the stack in $home does not stop; nothing was removed. See: muniment doctor" >&2
            exit 1
        }
    done < <(find .muniment -maxdepth 4 -path '*/run/stack.json')
    # Postgres lies elsewhere when its account cannot walk to this folder: each home has noted where.
    while IFS= read -r noted; do
        elsewhere=$(cat "$noted")
        case "$elsewhere" in
            /var/lib/muniment/?*) rm -rf -- "$elsewhere" ;;
        esac
    done < <(find .muniment -maxdepth 4 -name postgres-home)
fi
rm -rf .muniment dist .typing .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis
