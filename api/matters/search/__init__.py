"""Search for matters in people's own words: reading of texts, and the index."""
