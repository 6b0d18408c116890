"""`python -m muniment.infra.embedding_server`: serve multilingual-e5-small on this machine."""

import argparse
import os
from pathlib import Path

import uvicorn

from muniment.infra.embedding_server.app import create_app
from muniment.infra.embedding_server.convert import convert
from muniment.infra.embedding_server.model import DIMENSIONS, MAX_TOKENS, MODEL_NAME, Model
from muniment.infra.embedding_server.protocol import Offer

SHORT = {f"{MODEL_NAME}-256": 256}
"""What else is served: the first 256 numbers of the same vectors, scaled to length 1."""
PREFIX = "MUNIMENT_EMBEDDING_SERVER_"
"""Every argument may be set in the environment instead; the bearer key only there, as arguments are public."""


def arguments(given: list[str] | None = None) -> argparse.Namespace:
    """Arguments, with the environment as their defaults."""

    def default(name: str, otherwise: str) -> str:
        return os.environ.get(PREFIX + name, otherwise)

    parser = argparse.ArgumentParser(prog="muniment.infra.embedding_server", description=__doc__)
    parser.add_argument("--host", default=default("HOST", "127.0.0.1"))
    parser.add_argument("--port", type=int, default=int(default("PORT", "8090")))
    models = default("MODEL", ".muniment/models/multilingual-e5-small")
    parser.add_argument("--model", type=Path, default=Path(models), help="folder of the converted model")
    parser.add_argument("--threads", type=int, default=int(default("THREADS", "2")), help="cores for batches")
    parser.add_argument("--log-level", default=default("LOG_LEVEL", "warning"))
    return parser.parse_args(given)


def main() -> None:
    """Convert the model if it is not there, load it, serve until SIGTERM or Ctrl-C."""
    given = arguments()
    convert(given.model)
    model = Model(given.model)
    key = os.environ.get(PREFIX + "KEY") or None
    offer = Offer(MODEL_NAME, DIMENSIONS, short=SHORT)
    app = create_app(model, offer=offer, max_tokens=MAX_TOKENS, workers=given.threads, key=key)
    uvicorn.run(
        app, host=given.host, port=given.port, log_level=given.log_level, access_log=False, timeout_graceful_shutdown=2
    )


if __name__ == "__main__":
    main()
