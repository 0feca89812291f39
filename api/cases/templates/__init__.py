"""Templates of acts: a department's own words for decisions, refusals, notices, extensions, filled in from the case."""
