"""The HTTP face of every room: who may call, limits, bodies, errors, the API description, metrics."""
