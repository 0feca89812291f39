"""The catalogue: rules, reading, search, service and HTTP face."""
