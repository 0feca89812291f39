"""Fresh proofs: who is logged in gives a code, password or authenticator's digits again before a weighty act."""
