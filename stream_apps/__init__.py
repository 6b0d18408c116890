"""The steps that do the work, and the hosts that run them."""
