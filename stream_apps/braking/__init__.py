"""Halts a step when it is the step that fails, and no longer its records."""
