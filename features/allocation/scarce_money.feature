Feature: Scarce money is given out in parts
  A fund that would be gone by May is released in equal parts over its period. What one part leaves carries over.
  Pacing never costs a family its flight.

  Background:
    Given the fund is released in 24 parts, and the next one begins on December 1, 2026

  Scenario Outline: A request takes what is released, and not a cent of the next part
    Given $400.00 of what is released is left
    When a family that leaves on December 15, 2026 asks for <asked>
    Then <set aside> is set aside for it
    And <waits>

    Examples: at what is left, one cent over, one under
      | asked   | set aside | waits                                          |
      | $400.00 | $400.00   | it waits for nothing                           |
      | $400.01 | $400.00   | it waits for $0.01 more until December 1, 2026 |
      | $399.99 | $399.99   | it waits for nothing                           |

  Scenario Outline: Who leaves before the next part could pay for the trip draws on it
    Given $0.00 of what is released is left
    When a family that leaves on <day> asks for $300.00
    Then <set aside> is set aside for it

    Examples: the day before the part begins, the last day too soon to buy a seat with it, the day after
      | day               | set aside |
      | November 30, 2026 | $300.00   |
      | December 8, 2026  | $300.00   |
      | December 9, 2026  | $0.00     |

  Scenario: Whoever waits is tried again by itself
    Given $0.00 of what is released is left
    When a family that leaves on December 15, 2026 asks for $300.00
    And it is one second before December 1, 2026 in the organisation's zone
    Then $0.00 is set aside for it
    When it is December 1, 2026 in the organisation's zone
    Then $300.00 is set aside for it
    And the books balance

  Scenario: Of two that wait, the one that leaves before the part after comes first
    Given $0.00 of what is released is left
    When a family that leaves on January 20, 2027 asks for $6,000.00
    And another family that leaves on December 15, 2026 asks for $6,000.00
    And it is December 1, 2026 in the organisation's zone
    Then $6,000.00 is set aside for the other family
    And $250.00 is set aside for it
