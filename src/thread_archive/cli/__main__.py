"""`python -m thread_archive.cli`."""

from thread_archive.cli import main

main()
