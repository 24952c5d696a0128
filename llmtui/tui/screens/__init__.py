"""The chat screen and the dialogs that lie over it."""
