"""The desks: presence of officers, queues, assignment, promised answers, and what happens without anybody's act."""
