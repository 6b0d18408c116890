"""The registry: every pattern, in the order that decides between two findings of the same stretch.

Adding a kind is a name in `kinds.py` and an entry here (or one more entry for a kind that is there already).
"""

from muniment.stream_apps.scrubbing.addresses import ADDRESSES
from muniment.stream_apps.scrubbing.contacts import CONTACTS
from muniment.stream_apps.scrubbing.credentials import CREDENTIALS
from muniment.stream_apps.scrubbing.network import NETWORK
from muniment.stream_apps.scrubbing.numbers import NUMBERS
from muniment.stream_apps.scrubbing.pattern import Pattern
from muniment.stream_apps.scrubbing.people import PEOPLE

PATTERNS: tuple[Pattern, ...] = (*CREDENTIALS, *PEOPLE, *NUMBERS, *NETWORK, *CONTACTS, *ADDRESSES)
