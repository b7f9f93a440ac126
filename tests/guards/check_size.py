# SPDX-License-Identifier: MIT
"""usage: check_size.py PROGRAM BYTES: fails if the file is larger."""
import sys
from pathlib import Path

size, limit = Path(sys.argv[1]).stat().st_size, int(sys.argv[2])
print(f"{sys.argv[1]}: {size:,} bytes, at most {limit:,}")
sys.exit(size > limit)
