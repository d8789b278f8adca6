Feature: What lapses, and when
  Money that nobody uses goes back. Whoever keeps the funds sees early what lapses, at which pace it is spent,
  and which requests its own rules let it pay. That it lapses is never why a cost is charged to a federal award.

  Scenario: The soonest lapse comes first
    Given an award of $5,000 whose period ends in 30 days
    Then the forecast names the award first: $5,000 lapse if they are not obligated in 30 days
    And it says that lapse is no reason to charge a cost (2 CFR 200.405(c))

  Scenario: The pace of the last 90 days
    Given a fare of $400.00 paid from our own fund
    Then the forecast says as an estimate that $400 were spent in 90 days
    And 89 days later it still does, but not 90 days later

  Scenario: A request that is short of money is named by its reference alone
    Given our own fund gives at most $100 for a trip
    And a fare of $400.00 waits for approval
    Then the forecast names the request under our own fund with $300
    And it names nobody
