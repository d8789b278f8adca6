Feature: The flight leaves first
  At night a case manager gives at most twelve answers and the return authority, in one act. What can wait is
  attested and owed by a date; identity, custody and safety never are.

  Scenario: One act, and the rules answer before the flight
    When Ana submits the boy in Atlanta by the emergency form
    Then the domestic fund says eligible provisional
    And the request waits for approval
    And the request is in the emergency lane
    And the report number and the income are owed by 2026-12-05

  Scenario: Whether the return is safe and lawful is never attested away
    When Ana submits the boy in Atlanta by the emergency form, without a decision on the return authority
    Then the domestic fund says needs staff decision
    And no award is open

  Scenario: Held over a day, the home state is asked first, at night too
    When Ana submits the boy in Atlanta by the emergency form, held over 24 hours
    Then no award is open
    And a person is asked which Compact office was asked to pay

  Scenario Outline: What is owed becomes somebody's task when its day is over
    Given Ana submitted the boy in Atlanta by the emergency form
    When it is <moment> UTC
    Then Ana's work list <shows> the facts owed

    Examples: at and over; midnight in the east is five in the morning
      | moment           | shows         |
      | 2026-12-06 04:59 | does not show |
      | 2026-12-06 05:00 | shows         |

  Scenario: The answer ends the task
    Given Ana submitted the boy in Atlanta by the emergency form
    When it is 2026-12-08 12:00 UTC
    Then Ana's work list says 3 days over for her, with the report number and the income
    When Ana answers the report number and the income
    Then Ana's work list does not show the facts owed
