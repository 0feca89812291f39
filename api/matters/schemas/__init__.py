"""Schemas of requests and responses: lists, guides, forms, catalogue entries and their content, versions for staff."""

from api.matters.schemas import content as content  # entries refer to its schemas by name, so they must be loaded
