"""The HTML report of a run: one page that needs no script, font or network."""
