"""Projects and their episodes as they are read, and what became of each command."""
