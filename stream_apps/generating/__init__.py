"""Has drafts written: looks up passages, asks a model, streams its answer, checks what it cites."""
