"""Keeps the order of a document whose record waits for a retry: later records of it wait behind it, parked."""
