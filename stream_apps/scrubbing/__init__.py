"""Personal data out of a text before anything is chunked, embedded or shown; offsets still lead back."""
