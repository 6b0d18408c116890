"""Ranges of the log as files: what lay there, in a form that others read, with a manifest that says what is in it."""
