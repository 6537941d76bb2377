"""Handshakes that must be accepted or refused, and the proof of it."""
