"""The command line: `muniment`. One file a command; `main` lists them."""
