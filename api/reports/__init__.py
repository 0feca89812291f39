"""Reports of errors (纠错) in service points and guides, and their settlement by the office."""
