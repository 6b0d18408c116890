"""Read models: folds of the log into Postgres, and the queries that read them."""
