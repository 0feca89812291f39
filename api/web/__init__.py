"""What all routes share: who may call, rate limits, checks of bodies, errors, the API description, metrics."""
