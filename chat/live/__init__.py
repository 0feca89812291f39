"""Live delivery: the writer that stores messages, what each reader sees, and what connected people are sent."""
