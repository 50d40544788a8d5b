"""Questions of text that need nothing but text: who quotes whom."""
