"""Live streams: what changes of jobs, told to whoever keeps a connection open."""
