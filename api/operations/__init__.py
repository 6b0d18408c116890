"""What operators do and see of it: flags, steps and breakers, and from any request of theirs to a command."""
