"""Drafts and scripts as the API reads them: the port, the shapes of its answers, and Postgres behind it."""
