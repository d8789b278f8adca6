"""Who is paid and how: a person, a vendor or a partner; a changed payee is a new version."""
