"""The step that gives chunks their vectors."""
