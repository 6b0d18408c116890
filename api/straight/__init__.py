"""The short way of a read to its route: what FastAPI finds out at each request, found out once."""
