"""What makes two requests one: the key, the ids that are kept for it, and the first answers in Postgres."""
