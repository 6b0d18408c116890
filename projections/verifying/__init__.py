"""Proving that a read model is what the log says: all of it at once, or slice by slice for ever."""
