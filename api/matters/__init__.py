"""The catalogue: matters (事项) by version, guides (办事指南), forms, search, public lists, packages (一件事)."""

import os

# Search reads characters one by one; pypinyin's phrase table would cost 40 MB of memory for nothing.
# The switch is pypinyin's own and works only before its first import, hence here.
os.environ.setdefault("PYPINYIN_NO_PHRASES", "true")
