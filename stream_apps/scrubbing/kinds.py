"""The kinds of personal data that are looked for. The value is what stands in the text afterwards: `[email]`."""

from enum import StrEnum


class Kind(StrEnum):
    """One kind; each can be switched off by leaving it out of the set given to `scrub`."""

    EMAIL = "email"
    PHONE = "phone"
    US_SSN = "us_ssn"
    KR_RRN = "kr_rrn"
    PAYMENT_CARD = "payment_card"
    IBAN = "iban"
    IP = "ip"
    API_KEY = "api_key"
    PASSPORT = "passport"
    DATE_OF_BIRTH = "date_of_birth"
    STREET_ADDRESS = "street_address"


ALL: frozenset[Kind] = frozenset(Kind)
"""Every kind, the default."""
