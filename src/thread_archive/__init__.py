"""thread-archive: archive a Lemmy thread by its URL, whole and proven whole."""
