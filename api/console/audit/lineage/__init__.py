"""From a sentence to the upload that it came from, and back: what was made of what, as a graph and as a list."""
