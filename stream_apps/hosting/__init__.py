"""Runs steps: one wrapper (`settle`) on three hosts (Faust agent, aiokafka service, inline)."""
