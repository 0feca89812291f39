"""The life of a case: one table of acts by states, roles and guards, and the fold of the actions."""
