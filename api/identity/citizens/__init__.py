"""Citizens: log-in, assurance, consents, the rights over one's own data."""
