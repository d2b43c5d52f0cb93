"""`docker compose up` on a real engine: compose file, Dockerfiles and configuration as they are."""
