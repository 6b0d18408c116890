"""Pages for whoever looks after the house: jobs, retries, dead letters, steps, breakers, flags, lag, figures."""
