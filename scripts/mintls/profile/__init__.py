"""The profile language: YAML text becomes a frozen Profile, or every mistake is reported with file and line."""
