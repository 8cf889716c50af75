"""What is edited: the shared text, its lines, and the pure functions of editing; no I/O, no clock."""
