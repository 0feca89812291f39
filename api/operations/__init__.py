"""The care of an installation: bring its documents forward, back it up, restore it, say what is wrong with it."""
