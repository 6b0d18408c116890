"""The published language: commands, events, topics, errors, and their encoding. Pure."""
