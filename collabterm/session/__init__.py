"""Who is in the room, and who owes what to whom; pure: time and ids are arguments, payloads are values."""
