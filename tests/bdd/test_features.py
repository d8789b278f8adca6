"""Every scenario in features/, in the business's own words."""

from pytest_bdd import scenarios

scenarios(".")
