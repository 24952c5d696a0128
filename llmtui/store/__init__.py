"""The SQLite file: conversations, messages, the ledger of attempts. One thread writes; reads are short and whole."""
