import logging

from tqdm import tqdm


class ProgressHandler(logging.Handler):
    """Log lines that leave the progress bars whole."""

    def emit(self, record: logging.LogRecord) -> None:
        tqdm.write(self.format(record))
