"""Service points, the street network and travel times: what is within 15 minutes and open on arrival."""
