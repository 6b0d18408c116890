"""The way of an entry into the trail: first into a file of the process, then onto the log, in order."""
