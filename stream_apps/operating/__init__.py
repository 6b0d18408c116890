"""Commands of operators are decided here, by one writer for all."""
