"""The one error tree, split by whose fault it is.

YingfanError
├── DefinitionError        a workflow, notice or story file is wrong: its author's fault
├── InputError             a value that somebody typed or passed cannot be read: exit 2, page 422
├── Refused                a rule says no; nothing changed: exit 1
│   ├── RuleRefused        a guard, a form field or the ladder says no: page 422
│   ├── RightRefused       this person may not do this: page 404 or 403
│   └── StaleRefused       the case moved on since the page was shown: page 409
└── InstallationError      the machine, a file, a key or the database is at fault: exit 3, page 503
"""

from __future__ import annotations


class YingfanError(Exception):
    """Every error that this project raises on purpose; its text is fit for a user's eyes."""


class DefinitionError(YingfanError):
    """A workflow definition is wrong; the text lists every complaint as file:line:column."""


class InputError(YingfanError):
    """A value cannot be read; the text says what was wrong and what would be accepted."""


class Refused(YingfanError):
    """A rule said no and nothing was changed."""


class RuleRefused(Refused):
    """A guard, a field of the form or the state of the case stands against the act."""


class RightRefused(Refused):
    """The person has no role that may do this, or may not see it at all."""


class StaleRefused(Refused):
    """The case changed after the page was shown."""


class InstallationError(YingfanError):
    """The installation is at fault: a missing file or key, a database that cannot be used."""
