"""`make bench`: speed and memory of the stack, beside a floor that does the same work without a log."""
