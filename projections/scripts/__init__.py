"""Scripts: drafts with their citations and sources, and which of them counts as an episode's script."""
