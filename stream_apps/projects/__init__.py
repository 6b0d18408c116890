"""Decides what becomes of commands about projects, their episodes and their drafts."""
