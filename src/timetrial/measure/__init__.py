"""What is measured and recorded around a trial. Nothing here prints."""
