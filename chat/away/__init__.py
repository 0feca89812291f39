"""Notices to members who are away while messages come."""
