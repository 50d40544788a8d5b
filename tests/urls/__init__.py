"""Tests of asking servers: over loopback, with scripted servers."""
