"""The catalogue of handshake cases and the remedies that they name."""
