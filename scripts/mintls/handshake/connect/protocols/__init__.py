"""The protocols that `--probe` knows, one file each."""
