"""Reads X.509 certificates, keys and CRLs from their DER and PEM, in Python (pure)."""
