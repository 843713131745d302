"""What makes tests stricter than production. Each part patches one thing for the whole run and says why when it fails a test."""
