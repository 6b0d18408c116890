"""Runs steps: one wrapper (`settle`) on two hosts (Faust agent, aiokafka service)."""
