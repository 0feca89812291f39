"""Operating an installation: migrations, backup, restore and diagnosis."""
