"""The project's own OpenAI-compatible embedding server: multilingual-e5-small, no key, no network."""
