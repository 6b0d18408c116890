"""Scripts over HTTP: drafts as they come, what was made of them, what counts, and why a text says what it says."""
