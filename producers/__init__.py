"""The only way onto the log from outside a stream: publisher, key ring, claim check."""
