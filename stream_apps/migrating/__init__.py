"""Embedding everything with another model beside the live one: from the log, and whatever comes."""
