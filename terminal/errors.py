class UserError(Exception):
    """A mistake the user can mend. Its message is the one line they see: what was wrong, what was expected, what to do.

    Commands print it to stderr and leave with exit code 2.
    """
