"""Erasures (GDPR Art. 17) over HTTP: ask, agree, follow, and the receipt."""
