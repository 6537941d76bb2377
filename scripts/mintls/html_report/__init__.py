"""The report of a run for a browser: one page that needs no script, no font and no network."""
