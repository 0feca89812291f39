"""Log-ins of citizens and staff: how long they last, the devices they are on, and fresh proofs of their person."""
