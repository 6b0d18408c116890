"""Erasures: decided here, and carried out store by store."""
