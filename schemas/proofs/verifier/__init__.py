"""The verifier that goes into every evidence bundle: one file, which imports nothing of ours."""
