"""What is written down of the topics for others to read: `make schemas` writes it, a test compares it."""
