"""All that is held about a person, for that person (GDPR Art. 15 and 20)."""
