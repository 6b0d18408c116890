"""The outermost layer: settings, logging, wiring, command line, embedded stack."""
