"""Counting tokens: an estimate at once, and tiktoken's exact count from a process of its own where it applies."""
