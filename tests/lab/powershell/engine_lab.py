"""Where the engine lab is, and what happens to a test where it is not. All lab tests, of every folder, ask here."""

import os
import sys
from pathlib import Path

PROGRAM = Path(os.environ.get("SFB_LAB", Path(__file__).resolve().parents[3] / "build/lab/sfb_lab"))
SKIPPED = 77  # SKIP_RETURN_CODE of ctest


def why_not():
    """Why the lab cannot be used; an empty text where it can."""
    if PROGRAM.exists():
        return ""
    reason = PROGRAM.parent / "unavailable"
    return reason.read_text(encoding="utf-8").strip() if reason.exists() else f"engine lab: {PROGRAM} is not there; run tests/lab/powershell/build"


def require():
    """Ends the test as skipped, with the reason, where the lab could not be built. To be called before any test runs: by the module or its setUpModule."""
    if why := why_not():
        print(f"SKIPPED: {why}", flush=True)
        sys.exit(SKIPPED)
