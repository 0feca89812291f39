"""Who acts: citizens and staff, log-in, tokens, roles, and the sealing of personal fields."""
