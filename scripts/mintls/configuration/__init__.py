"""Working configurations of servers and clients, and the fix for each mistake in their own words."""
