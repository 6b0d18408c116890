"""Dead letters and redrives: reading them, what can be done with them, and the records that they hold."""
