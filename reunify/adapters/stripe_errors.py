"""Stripe's errors in our words. Their text may repeat a name or e-mail, so only codes are kept."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import stripe

from reunify.disbursement.ports import GatewayUnavailable, NotEnabled, RecipientRefused
from reunify.disbursement.rail_policy import FEATURE_OFF, NOT_PERMITTED
from reunify.kernel.refusals import NotFound


@contextmanager
def asking(*, about: str) -> Iterator[None]:
    """`about`: of what Stripe is told or asked, in words. Raises NotFound, RecipientRefused, NotEnabled,
    GatewayUnavailable."""
    try:
        yield
    except stripe.InvalidRequestError as error:
        if error.http_status == 404:
            raise NotFound("Stripe does not know this.") from None
        raise RecipientRefused(f"Stripe does not accept this {about} ({code_of(error)}).") from None
    except (stripe.AuthenticationError, stripe.PermissionError) as error:
        raise NotEnabled(f"Stripe does not let our key do this ({code_of(error)}).", NOT_PERMITTED) from None
    except stripe.FeatureNotEnabledError as error:
        raise NotEnabled(f"Stripe has not enabled this for us ({code_of(error)}).", FEATURE_OFF) from None
    except stripe.StripeError as error:
        raise GatewayUnavailable(f"Stripe did not answer ({code_of(error)}).") from None
    except (AttributeError, KeyError, TypeError, ValueError):
        raise GatewayUnavailable("Stripe's answer could not be read.") from None


def code_of(error: stripe.StripeError) -> str:
    inner = error.error.code if error.error is not None and "code" in error.error else None
    return str(error.code or inner or type(error).__name__)
