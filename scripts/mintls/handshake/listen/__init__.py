"""`--listen`: tests whether a client verifies the server."""
