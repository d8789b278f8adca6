"""The key ring, sealed columns and blind indexes: what a stolen database must not say."""
