"""What operators and auditors look at beside the read models: figures over time, lag, replays, batches of chunks."""
