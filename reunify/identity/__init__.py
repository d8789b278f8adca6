"""Who people are: persons across requests, staff and their sign-in, a family's private link."""
