"""Every table of every room, for whoever compares the schema with the migrations. Rooms import their own tables only."""

from idp.database import Base

metadata = Base.metadata
