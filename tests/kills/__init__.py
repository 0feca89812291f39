"""Processes and stores that die by SIGKILL in the middle of their work, and what is there afterwards."""
