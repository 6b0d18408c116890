"""`make demo`: the main job on real documents, from an empty machine to answered questions."""
