"""Every table of every room, for whoever compares the schema with the migrations. Rooms import their own tables only."""

import idp.audit.tables
import idp.keys.tables
from idp.database import Base

metadata = Base.metadata
