"""Texts to vectors through any OpenAI-compatible endpoint: one port, one adapter, coalescing and a shared limit."""
