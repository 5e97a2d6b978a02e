from pathlib import Path

GOLDENS = Path(__file__).parent
