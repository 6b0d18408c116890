"""What is submitted: how it is described and read from a request, and how it becomes a command on the log."""
