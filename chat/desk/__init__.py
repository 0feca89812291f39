"""The desk: who is there, who waits, who is given what, and what is looked after by itself."""
