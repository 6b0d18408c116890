"""Serving live channels: who is at the other end, what their messages ask for, and what is on the record of it."""
