"""Verifications: which account was bound to which identity number, who confirmed it, and objections to it."""
