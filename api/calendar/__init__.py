"""The calendar room: working days by the State Council's notices, opening hours, dated exceptions."""
