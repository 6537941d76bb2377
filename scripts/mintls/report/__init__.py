"""Results of a handshake run for readers and programs: text, JSON, JUnit and HTML (pure)."""
