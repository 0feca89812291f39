"""What people say is wrong with a service point or a guide, and what the office found."""
