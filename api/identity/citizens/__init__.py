"""Citizens: log-in, verification, consents, and the rights over one's own data."""
