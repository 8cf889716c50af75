"""The signaling server: introduces peers to each other; it must not read, hold or relay documents."""
