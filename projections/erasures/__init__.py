"""Erasures: who asked for what, how far it is, what each store removed."""
