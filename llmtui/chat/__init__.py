"""A turn from the question to its bill: retry, fallback, cancel, and the session that starts turns."""
