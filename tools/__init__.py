"""What `make test` and `make check` run."""
