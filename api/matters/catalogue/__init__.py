"""The catalogue: matters and their versions, checks before publication, departments, public lists."""
