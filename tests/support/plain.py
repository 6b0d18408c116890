"""HTTP to this machine: a client by default reads every certificate authority first, which takes 20 ms of a core.

That is thirty times what the question takes, for each that is asked again until something runs.
"""

import ssl

PLAIN = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
"""To `verify` with where nothing is encrypted: it trusts nobody."""
