"""The trail at the door: which requests leave an entry in it, and what the entry says."""
