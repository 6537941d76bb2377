"""The catalogue of handshake cases."""
