"""The subcommands of ``timetrial``, one module each: ``run(argv)`` returns the exit status."""
