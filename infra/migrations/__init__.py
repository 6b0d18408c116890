"""The tables that are truth in themselves: keys, claims, the deciders' state and outbox. Forward only."""
