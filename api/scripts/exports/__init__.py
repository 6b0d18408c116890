"""Drafts and scripts as files that other programs read: Markdown, Fountain, Word."""
