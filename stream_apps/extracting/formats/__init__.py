"""One reader per format: `read(path, on_progress) -> Content`."""
