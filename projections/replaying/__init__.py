"""Building a read model anew from the log, beside the live one, and switching to it where both say the same."""
