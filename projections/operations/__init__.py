"""How Muniment was run: flags, halted steps, breakers and redrives, with who did what, when and why."""
