"""Commands that show, with counts, that what is promised holds: `python -m tests.show.<what> --seed N`."""
