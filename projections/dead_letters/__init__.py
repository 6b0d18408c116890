"""Dead letters: records that no step could settle, for an operator to read."""
