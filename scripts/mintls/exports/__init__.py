"""What can be made of a certificate for other programs: one small module each, each a generator of Steps (pure)."""
