"""The running of Muniment as the API reads it: the port, the shapes of its answers, and Postgres behind it."""
