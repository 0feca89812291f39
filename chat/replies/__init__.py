"""Canned replies per desk."""
