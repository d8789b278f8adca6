Feature: Keeping the funds
  Whoever keeps the funds opens and binds them, by dated rows that are never rewritten. A fund gives what its
  funder allows, from the day and to the day the funder says.

  Scenario: A federal award is paid out within 120 days of its period
    Given a federal award of $10,000 from January 1, 2026 to December 31, 2026
    Then its last day to pay is April 30, 2027
    And on January 1, 2027 nothing new is obligated from it
    But what was obligated is still paid on April 30, 2027
    And nothing is paid from it on May 1, 2027

  Scenario: More money from a later day on
    Given a federal award of $10,000 from January 1, 2026 to December 31, 2026
    When it is amended to $15,000 from December 1, 2026
    Then $10,000 is available today
    And $15,000 is available on December 1, 2026

  Scenario: No more is drawn than is authorized
    Given a federal award of $10,000 from January 1, 2026 to December 31, 2026
    When $7,000 is drawn under the funder's reference P-1
    Then another $4,000 cannot be drawn, and the refusal says that $3,000 are left
    And $7,000 more is on hand than is needed at once

  Scenario: What needs the funder's approval waits for it
    Given a federal award of $10,000 from January 1, 2026 to December 31, 2026
    When its lodging needs the funder's prior approval
    Then lodging is not charged to it
    When the funder approves by letter
    Then lodging may be charged to it

  Scenario: A fund with something open on it is not closed
    Given a federal award of $10,000 from January 1, 2026 to December 31, 2026
    And $120 of it are reserved for a family
    Then it cannot be closed, and the refusal lists the $120
    When the reservation is given up
    Then it is closed for good
