"""What is chosen by those who want no keyring."""


class Keyring:
    """Keeps nothing and says nothing."""

    def get_password(self, *_: str) -> None:
        """Do nothing."""

    set_password = delete_password = get_password
