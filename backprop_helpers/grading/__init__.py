"""The grader: submissions taken in, run in a sandbox, judged in another process, and entered into nbgrader's gradebook."""

import sys

# Where nothing has asked for it yet, jsonschema goes without its grammar of international addresses: no notebook holds one,
# and it takes longer to import than all of nbgrader.
if "jsonschema" not in sys.modules:
    sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]
