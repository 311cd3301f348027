"""What developers run now and then: collecting messages, writing a migration. Never part of an installation."""
