"""What keys, slash commands and the palette do: plain functions of the chat screen and an argument."""
