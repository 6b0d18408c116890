"""Circuit breakers round outside services: what one process learns, none has to learn again."""
