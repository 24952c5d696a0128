"""What the screens are made of: each widget renders and posts messages in the past tense; none does I/O."""
