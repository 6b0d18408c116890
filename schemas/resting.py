"""Embedding models that nobody embeds with, and what becomes of dead letters that wait for them."""

RESTING = {
    "dropped": "nothing is embedded with it any more, so discard them",
    "paused": "`muniment embeddings resume '{model}' --reason …` first",
}
"""The states of such a model, and what to do about its letters, with `{model}` for its name."""
