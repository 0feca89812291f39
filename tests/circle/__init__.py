"""Tests of the room `circle`."""
