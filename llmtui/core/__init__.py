"""Values and pure functions that every layer speaks in; standard library only, no I/O."""
