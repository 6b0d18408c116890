"""The thin HTTP face: parse, command or query, answer."""
