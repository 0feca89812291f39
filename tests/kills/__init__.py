"""Trials that kill a process or its store by SIGKILL in the middle of their work, and check the store afterwards."""
