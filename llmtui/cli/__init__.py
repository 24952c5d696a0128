"""The command line: what may be typed, what it means, and a small file for each command."""
