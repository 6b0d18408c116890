"""The Studio: projects and their episodes, drafts with their citations, and what becomes of them."""
