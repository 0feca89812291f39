"""Canned replies of a desk."""
