"""Several fresh interpreters one after the other, kept apart: launches are the independent samples."""
