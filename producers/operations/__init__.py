"""How Muniment itself is run, as every process sees it: flags, halted steps, open breakers, redrives under way."""
