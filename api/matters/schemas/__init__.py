"""Shapes of the catalogue: what lists answer, guides and their forms, entries as they are kept, and their versions."""
