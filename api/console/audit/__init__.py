"""Pages for auditors: what happened, how it was then, where a sentence comes from, and what proves all that."""
