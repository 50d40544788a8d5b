"""What is chosen where a system has no service."""


class Keyring:
    """Keeps nothing and says so."""

    def get_password(self, *_: str) -> None:
        """Refuse."""
        raise RuntimeError("No recommended backend was available.")

    set_password = delete_password = get_password
