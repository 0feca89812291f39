"""The catalogue: matters, their versions, what must hold of them, public lists."""
