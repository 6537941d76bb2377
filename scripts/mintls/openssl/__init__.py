"""The openssl binary: the only package that starts it."""
