"""Drafts: forms being filled in, kept on the server, so that nothing is lost with a device."""
