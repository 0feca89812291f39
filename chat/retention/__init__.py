"""How long conversations are kept, and their end."""
