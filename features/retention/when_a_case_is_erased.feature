Feature: When a case is erased
  A family's record is kept as long as the schedule says and not a day longer, unless a court has asked for it.

  Background:
    Given a family whose trip was paid

  Scenario: The record is kept to the day, then nobody can read it, and the books still prove themselves
    When it is one day before three years after its trip, its payments and its consents
    Then the family's record is not due
    When it is three years after its trip, its payments and its consents
    And a plan of what is due is made, approved by a second person and run
    Then nobody can read what the family told us
    And the books and the audit trail still prove themselves

  Scenario: A family held for a court is kept until two people lift the hold
    Given a court has asked to hold the family's record
    When it is three years after its trip, its payments and its consents
    And a plan of what is due is made, approved by a second person and run
    Then the family's record can still be read
    And the supervisor alone cannot lift the hold
    But the supervisor and the administrator together can

  Scenario: A grandmother in two cases is forgotten in the first and kept in the second
    Given the same grandmother travels again, a year later
    When it is three years after its trip, its payments and its consents
    And a plan of what is due is made, approved by a second person and run
    Then nobody can read what the family told us
    But the second case can still be read

  Scenario: What was told for booking only goes after the trip
    When it is the second day after the trip
    And a plan of what is due is made, approved by a second person and run
    Then what was told for booking only is gone
    And the family's record can still be read
