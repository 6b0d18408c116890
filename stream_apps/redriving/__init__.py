"""Carries out redrives: dead letters go back to their steps, each once, however often who sends them is killed."""
