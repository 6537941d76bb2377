"""Carries out a plan in a staging directory and publishes the set, all or nothing."""
