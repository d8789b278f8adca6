"""The only home of what others wrote: vendor SDKs, server programs, the outside world."""
