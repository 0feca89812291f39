"""Security events: noted where they happen, bounded and counted, and alarms when they come in numbers."""
