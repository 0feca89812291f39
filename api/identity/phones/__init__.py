"""Phones: an account gets another number, by codes sent to both or at a window on the card."""
