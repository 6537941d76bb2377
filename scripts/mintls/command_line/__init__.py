"""The command line of every script."""
