Feature: What a source elsewhere pays back goes to the fund that bears the cost

  Background:
    Given a fare of $400.00 paid from our own fund

  Scenario: It counts when a second person has verified it
    When Ben writes down that the home state paid back $150.00
    Then our own fund bears $400.00
    When Carla verifies what came back
    Then our own fund bears $250.00
    And the books agree

  Scenario: Whoever wrote it down never verifies it
    When Ben writes down that the home state paid back $150.00
    And Ben tries to verify what came back
    Then it is told: a colleague in finance must confirm it

  Scenario Outline: Never more than was spent
    When Ben tries to write down that the home state paid back <amount>
    Then the entry is <outcome>

    Examples:
      | amount  | outcome   |
      | $399.99 | kept      |
      | $400.00 | kept      |
      | $400.01 | not taken |

  Scenario: Money that came on a day whose books are closed is posted today, with its own day
    When 40 days have passed since it was paid
    And the books are closed through 2026-12-31
    And Ben writes down that the home state paid back $150.00 on 2026-12-03
    And Carla verifies what came back
    Then it is posted on 2027-01-04 and happened on 2026-12-03
    And the books agree
