"""Identity: citizens and staff, log-in, tokens, roles, mandates, and the encryption of personal fields."""
