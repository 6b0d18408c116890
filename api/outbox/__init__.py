"""Commands accepted while the log was away: where they wait, who puts them there, and how they get onto the log."""
