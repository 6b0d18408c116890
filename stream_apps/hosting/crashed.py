"""The end of a host that nobody asked for."""


class HostCrashed(RuntimeError):
    """A host ended by itself: the process has to end, non-zero, so that its supervisor starts it anew."""
