"""Commands are decided here, by one writer per document."""
