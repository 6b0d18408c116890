"""Language models that write: the port, its adapters, templates of what they are asked, and what they may cost."""
