"""A form being filled in, kept on the server, so that it survives a lost phone."""
