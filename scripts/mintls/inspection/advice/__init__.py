"""Advice about certificates that may be valid all the same: what other programs reject, or a standard forbids."""
