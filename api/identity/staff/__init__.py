"""Staff: log-in, second factor, posts and roles."""
