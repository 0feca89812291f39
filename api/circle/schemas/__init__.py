"""Schemas of requests and responses: the circle, its points, its street networks, its drawings."""
