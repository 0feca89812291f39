"""The desks: presence of officers, queues, assignment, promised answers, and periodic checks."""
