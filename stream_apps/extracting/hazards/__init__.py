"""What a document may hide: one inspector per kind of container, each raising `Refused`."""
