"""`--connect`: tests whether a server enforces mTLS."""
