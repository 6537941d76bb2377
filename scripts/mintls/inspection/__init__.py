"""Reads certificates that anyone made, verifies them with `openssl verify`, and reports what it found."""
