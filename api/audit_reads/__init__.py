"""The trail as auditors read it: the port, the shapes of its answers, and Postgres behind it."""
