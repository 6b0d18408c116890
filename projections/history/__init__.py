"""What happened to each document and job: the places of all that the log says of them."""
