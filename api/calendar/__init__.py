"""Working days by the State Council's notices, opening hours of places, and dated exceptions."""
