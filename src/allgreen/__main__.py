"""``python -m allgreen`` is the command ``allgreen``."""

import sys

from allgreen.cli.front import main

sys.exit(main())
