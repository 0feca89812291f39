"""Search of matters in people's own words."""
