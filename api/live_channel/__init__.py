"""What a live channel (a WebSocket) is made of: messages, sessions, limits, predictions, answers."""
