"""Read-only bundles of an archive: written, verified, taken over."""
