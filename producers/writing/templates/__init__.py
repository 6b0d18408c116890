"""What a model is asked: texts with places for the brief and the passages, in versions that never change."""
