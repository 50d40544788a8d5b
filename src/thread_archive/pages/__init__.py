"""What a reader's page holds: the same for served and for static pages."""
