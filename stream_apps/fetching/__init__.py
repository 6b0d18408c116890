"""Fetches what lies at a web address: only what everybody may see, and never without bounds."""
