"""What tracing costs: the same orders under several set-ups, side by side. `make bench`; see __main__.py."""
