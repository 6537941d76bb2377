"""The stacks, one file each, found by listing this package: data alone, as mintls.configuration.stack declares it."""
