"""Documents and their versions: what was submitted, how far it came, what is active."""
