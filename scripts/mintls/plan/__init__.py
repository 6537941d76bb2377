"""What a run will do, as data: commands, configuration files, outputs and renewal decisions (pure)."""
