"""What the tests need to start a stack beside the command that is printed, one line each."""

# the user that it has to be started by, where root may not start it
USERS: dict[str, str] = {}


def variables(name: str) -> dict[str, str]:
    """Variables of the environment."""
    return {}
