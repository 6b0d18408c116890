"""What goes otherwise than hoped: which kinds there are, how an error becomes an answer, and how OpenAPI tells it."""
