"""A real thread to try things on: recorded answers of two Lemmy servers, served again on this machine."""
