"""The trail as it is read: who did what, when, from where, and which documents they were shown."""
