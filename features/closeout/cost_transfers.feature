Feature: A cost moves to the source it belongs to when two people agree

  Background:
    Given a fare of $400.00 paid from our own fund
    And a gift of $300.00 for fares, from January 2026

  Scenario: Nothing moves before a second person has confirmed it
    When Ben asks to move $250.00 of it to the gift
    Then our own fund bears $400.00 and the gift bears $0.00
    When Carla confirms it
    Then our own fund bears $150.00 and the gift bears $250.00

  Scenario: Whoever asked never confirms
    When Ben asks to move $250.00 of it to the gift
    And Ben tries to confirm it
    Then it is told: a colleague in finance must confirm it
    And our own fund bears $400.00 and the gift bears $0.00

  Scenario: Nor does a colleague who stands in for whoever asked
    When Ben asks to move $250.00 of it to the gift
    And Carla, who stands in for Ben, tries to confirm it
    Then it is told: another colleague must confirm it

  Scenario Outline: Never more than the gift holds
    When Ben tries to move <amount> of it to the gift
    Then the ask is <outcome>

    Examples:
      | amount  | outcome   |
      | $299.99 | kept      |
      | $300.00 | kept      |
      | $300.01 | not taken |

  Scenario: Never more than was spent
    Given the gift grows to $900.00
    When Ben tries to move $400.01 of it to the gift
    Then the ask is not taken

  Scenario Outline: After ninety days three questions are answered
    When <days> days have passed since it was paid
    And Ben tries to move $250.00 of it to the gift
    Then the ask is <outcome>

    Examples:
      | days | outcome                       |
      | 90   | kept                          |
      | 91   | not taken without the answers |

  Scenario: A late transfer says why it was charged there, why it belongs here and why it is late
    When 91 days have passed since it was paid
    And Ben asks to move $250.00 of it to the gift, with the three answers
    And Carla confirms it
    Then our own fund bears $150.00 and the gift bears $250.00

  Scenario Outline: The cost is of a day in the other source's period
    Given the gift's period ends on <day>
    When Ben tries to move $250.00 of it to the gift
    Then the ask is <outcome>

    Examples:
      | day        | outcome   |
      | 2026-11-25 | kept      |
      | 2026-11-24 | not taken |

  Scenario: That money is about to lapse is never a reason
    When Ben tries to move $250.00 of it to the gift because it is about to lapse
    Then the ask is not taken
