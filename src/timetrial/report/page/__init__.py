"""The report as one page: what it says, its charts, and the file that holds both."""
