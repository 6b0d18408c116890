"""The parts are those of the API's tests; what plays the browser lies here."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
