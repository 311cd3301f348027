"""Every table of every room, for whoever compares the schema with the migrations. Rooms import their own tables only."""

from idp.audit import tables as audit
from idp.database import Base
from idp.keys import tables as keys
from idp.registry import tables as registry

ROOMS = (audit, keys, registry)
metadata = Base.metadata
