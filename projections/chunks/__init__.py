"""Search: texts and vectors of the active versions, and nothing of any other."""
