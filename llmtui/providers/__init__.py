"""Providers: one file a wire format, each pure (bytes in, events out); `_http.py` alone moves the bytes."""
