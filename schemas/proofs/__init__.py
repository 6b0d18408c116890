"""Evidence: leaves, Merkle trees, signed checkpoints and who signs them. Pure."""
