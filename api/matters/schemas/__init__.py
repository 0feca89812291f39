"""Shapes of the catalogue: what lists answer, guides and their forms, entries as they are kept, what staff see."""

from api.matters.schemas import content as content  # entries name its shapes by their names, so they are always there
