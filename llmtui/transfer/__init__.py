"""Conversations as documents: a file a format. Pure: from values to text and back."""
