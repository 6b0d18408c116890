"""Jobs: one to a command, folded from every topic its work leaves traces on."""
