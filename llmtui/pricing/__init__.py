"""What models cost: a dated price table that ships with the program, and the exact look-up over it."""
