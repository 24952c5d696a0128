"""The scripts of `llmtui completions`, a file a shell."""
