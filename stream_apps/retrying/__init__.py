"""What becomes of a record whose step failed: the policy, the fingerprint, and the mover of the retry tiers."""
