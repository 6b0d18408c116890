"""Looks at the audited topics on the broker, again and again, and tells what is not as it was declared to be."""
