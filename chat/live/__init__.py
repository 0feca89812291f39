"""What connected people are told: stored first, then broadcast; what was missed is found in the store."""
